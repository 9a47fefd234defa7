import { compareContents, type RestorePreview } from '../core/restorePreview.ts';
import type { Contents, DumpFormat, Inspection } from '../core/connector.ts';
import { targetKey, targetLabel } from '../core/database.ts';
import { BackupError } from '../core/errors.ts';
import type { RequestOf, ResultOf } from '../core/job.ts';
import { realTarget } from '../dumps/catalog.ts';
import { openDump, type OpenedDump } from '../dumps/open.ts';
import { withLock } from '../system/lock.ts';
import type { DatabaseJobContext } from './context.ts';
import { makeSafetyDump } from './safetyDump.ts';

/**
 * Restores one dump into its database: open, prove, look at the target, ask, make a safety dump, apply, compare.
 *
 * Errors: `restore.notConfirmed` when the answer is no; `dumps.*` for a dump that cannot be trusted; the connector's own. In each case the old rows stay.
 */
export async function restore(request: RequestOf<'restore'>, context: DatabaseJobContext): Promise<ResultOf<'restore'>> {
  const started = context.now().getTime();
  const target = await realTarget(request.database.target);
  const database = { ...request.database, target };
  return withLock(context.stateDirectory, targetKey(target), context.run, async () => {
    context.run.progress({ phase: 'preparing' });
    const { dump, contents } = await prove(request.dump, context);
    const inspection = await context.connector.inspect(database, context, context.run);
    const preview = previewOf(request, dump, contents, inspection, context);
    if (!(await context.run.ask({ kind: 'confirmRestore', preview }))) throw notConfirmed(request.database.alias);
    const safety = await makeSafetyDump({ ...request, database }, inspection, context);
    await context.connector.restoreDump(database, dump.plain, context, context.run);
    const warnings = await compareWithDump(contents, () => context.connector.inspect(database, context, context.run));
    return {
      kind: 'restore',
      alias: database.alias,
      connector: context.connector.name,
      file: request.dump,
      dumpCreatedUtc: dump.createdUtc,
      ...(safety === undefined ? {} : { safetyFile: safety }),
      durationMs: context.now().getTime() - started,
      warnings,
    };
  });
}

/** What is known to be in the dump. A dump made here and unchanged was verified before it was published; any other is decoded now. */
async function prove(file: string, context: DatabaseJobContext): Promise<{ dump: OpenedDump; contents: Contents }> {
  const dump = await openDump(file, context);
  const format = await context.formatOf(dump.head);
  if (format === undefined) {
    throw new BackupError('dumps.unknownFormat', `${dump.name} is not a dump of a kind that is known here.`, {
      hint: 'Choose another dump.',
    });
  }
  if (!context.connector.reads.includes(format.id)) {
    throw new BackupError('dumps.wrongEngine', `${dump.name} is not a dump that ${context.connector.name} can restore.`, {
      hint: 'Choose a dump of this database, or restore it into a database of its own engine.',
    });
  }
  return { dump, contents: await provenContents(dump, format, context) };
}

async function provenContents(dump: OpenedDump, format: DumpFormat, context: DatabaseJobContext): Promise<Contents> {
  if (dump.manifest !== undefined && dump.origin === 'here' && dump.manifest.verification !== 'none')
    return dump.manifest.contents;
  return format.verify(dump.plain.path, dump.manifest === undefined ? 'full' : 'quick', context, context.run);
}

function previewOf(
  request: RequestOf<'restore'>,
  dump: OpenedDump,
  contents: Contents,
  inspection: Inspection,
  context: DatabaseJobContext,
): RestorePreview {
  const { database, dumps } = request;
  const excluded = dump.manifest?.options['EXCLUDE'];
  return {
    alias: database.alias,
    engine: database.engine,
    target: targetLabel(database.target),
    targetExists: inspection.exists,
    targetDamage: inspection.damage,
    dumpFile: request.dump,
    dumpCreatedUtc: dump.createdUtc,
    dumpOrigin: dump.origin,
    dumpHasManifest: dump.manifest !== undefined,
    ...compareContents(contents, inspection.contents, context.connector.unlistedTables),
    emptied: [],
    openSessions: inspection.openSessions,
    safetyDump: dumps.safetyBackup && inspection.exists,
    warnings: [],
    isRemote: false,
  };
}
