import { compareContents, type RestorePreview } from '../core/restorePreview.ts';
import type { DumpFormat, Inspection, PreparedRestore } from '../core/connector.ts';
import type { Contents } from '../core/contents.ts';
import { isLocal, targetAddress, targetLabel, type Target } from '../core/database.ts';
import { BackupError } from '../core/errors.ts';
import type { RequestOf, ResultOf } from '../core/job.ts';
import { openDump, type OpenedDump } from '../dumps/open.ts';
import { realTarget } from '../dumps/targets.ts';
import type { DatabaseJobContext } from './context.ts';
import { knownFormat, openedAs } from './formats.ts';
import { withTargetLock } from './locks.ts';
import { applyOrRollBack } from './rollBack.ts';
import { makeSafetyDump } from './safetyDump.ts';

/**
 * Restores one dump into its database: open, prove, look at the target, ask, make a safety dump, apply, compare.
 *
 * Errors: `restore.notConfirmed` when the answer is no; `dumps.*` for a dump that cannot be trusted; the connector's own. In each case the old rows stay.
 */
export async function restore(request: RequestOf<'restore'>, context: DatabaseJobContext): Promise<ResultOf<'restore'>> {
  const database = { ...request.database, target: await realTarget(request.database.target) };
  const { connector, run } = context;
  return withTargetLock(database, 'restore', context, async () => {
    const proven = await prove(request.dump, context);
    const inspection = await connector.inspect(database, context, run);
    const prepared = await connector.prepareRestore(database, openedAs(proven.dump, proven.format), inspection, context, run);
    const preview = previewOf({ ...request, database }, proven, { inspection, prepared }, context);
    if (!(await run.ask({ kind: 'confirmRestore', preview }))) throw notConfirmed(database.alias);

    const startedMs = performance.now();
    run.log('info', `Restoring ${database.alias} (${preview.target}) from ${proven.dump.name} with ${connector.name}.`);
    const safety = await makeSafetyDump({ ...request, database }, inspection, context);
    await applyOrRollBack(prepared, { database, safetyFile: safety?.file }, context);
    const restored = await connector.inspect(database, context, run);
    const warnings = [...prepared.warnings, ...compareWithDump(proven.contents, restored.contents)];
    return {
      kind: 'restore',
      alias: database.alias,
      connector: connector.name,
      file: request.dump,
      dumpCreatedUtc: proven.dump.createdUtc,
      ...(safety === undefined ? {} : { safetyFile: safety.file }),
      durationMs: Math.round(performance.now() - startedMs),
      warnings,
    };
  });
}

interface ProvenDump {
  readonly dump: OpenedDump;
  readonly format: DumpFormat;
  readonly contents: Contents;
}

/** What is known to be in the dump. A dump made here and unchanged was verified before it was published; any other is decoded now. */
async function prove(file: string, context: DatabaseJobContext): Promise<ProvenDump> {
  const dump = await openDump(file, context);
  const format = await knownFormat(dump, context);
  if (!context.connector.reads.includes(format.id)) {
    throw new BackupError('dumps.wrongEngine', `${dump.name} is not a dump that ${context.connector.name} can restore.`, {
      hint: 'Choose a dump of this database, or restore it into a database of its own engine.',
    });
  }
  return { dump, format, contents: await provenContents(dump, format, context) };
}

async function provenContents(dump: OpenedDump, format: DumpFormat, context: DatabaseJobContext): Promise<Contents> {
  const { manifest } = dump;
  if (manifest !== undefined && dump.origin === 'here' && manifest.verification !== 'none') return manifest.contents;
  return format.verify(dump.plain.path, manifest === undefined ? 'full' : 'quick', context, context.run);
}

function previewOf(
  { database, dumps, dump: dumpFile }: RequestOf<'restore'>,
  { dump, format, contents }: ProvenDump,
  { inspection, prepared }: { readonly inspection: Inspection; readonly prepared: PreparedRestore },
  { connector }: DatabaseJobContext,
): RestorePreview {
  const hasSafetyDump = dumps.safetyBackup && inspection.exists;
  const unlisted = prepared.unlistedTables ?? format.unlistedTables ?? connector.unlistedTables;
  return {
    alias: database.alias,
    engine: database.engine,
    target: targetAddress(database.target),
    targetExists: inspection.exists,
    targetDamage: inspection.damage,
    dumpFile,
    dumpCreatedUtc: dump.createdUtc,
    dumpOrigin: dump.origin,
    dumpHasManifest: dump.manifest !== undefined,
    ...compareContents(contents, inspection.contents, unlisted),
    emptied: [...prepared.emptied],
    lost: [...prepared.lost],
    openSessions: inspection.openSessions,
    safetyDump: hasSafetyDump,
    warnings: [...(dump.problem === undefined ? [] : [dump.problem]), ...prepared.warnings],
    isRemote: !isLocal(database.target),
    typeToConfirm: nameToType(database.target, { isSafe: hasSafetyDump || !inspection.exists }),
  };
}

/** A target on another machine, and a restore without a way back, need more than a click. */
function nameToType(target: Target, { isSafe }: { readonly isSafe: boolean }): string | undefined {
  if (isSafe && isLocal(target)) return undefined;
  return target.kind === 'server' ? target.database : targetLabel(target);
}

function notConfirmed(alias: string): BackupError {
  return new BackupError('restore.notConfirmed', `The restore of ${alias} was not confirmed.`, {
    hint: 'Nothing was changed. On the command line, --yes confirms it.',
  });
}

/** The target must hold every table of the dump; other counts of rows may be the work of another program that writes already. */
function compareWithDump(dump: Contents, target: Contents): string[] {
  const found = new Map(target.tables.map((table) => [table.name, table.rows]));
  const missing = dump.tables.filter((table) => !found.has(table.name));
  if (missing.length > 0) {
    throw new BackupError('restore.incomplete', `${missing.length} tables of the dump are not in the restored database.`, {
      hint: 'Undo the restore with the safety dump, and show the log.',
    });
  }
  return dump.tables
    .filter(({ name, rows }) => rows !== undefined && found.get(name) !== undefined && found.get(name) !== rows)
    .map(
      ({ name, rows }) => `${name} holds ${found.get(name)} rows now and ${rows} in the dump: another program may be writing.`,
    );
}
