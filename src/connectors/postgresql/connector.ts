import { randomBytes } from 'node:crypto';
import type { Inspection, OpenDump, PreparedRestore, Workspace } from '../../core/connector.ts';
import type { Database, Target } from '../../core/database.ts';
import type { ManifestTarget } from '../../core/dumpManifest.ts';
import type { Run } from '../../core/run.ts';
import type { ResolvedTool, ToolUse, UsedTool } from '../command.ts';
import { dumpArgs } from './arguments.ts';
import { readFacts } from './catalog.ts';
import { contentOf } from './content.ts';
import { PostgresqlDumper } from './dumper.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { prepareArchive, preparePlain, readyFiles, readyScript, type Ready, type Restore } from './restoring.ts';
import { freshPlan, planRestore } from './restorePlan.ts';
import { isCode, withSession, type Place } from './session.ts';
import { applicationName, settingsOf } from './settings.ts';
import { dumpUse, listUse, otherUses, restoreUses } from './toolUses.ts';
import { majorForArchive, refuseOldTool } from './toolVersions.ts';
import { writeUndo } from './undo.ts';

/** What the three PostgreSQL connectors share: all of them read both kinds of dump. */
export abstract class PostgresqlConnector extends PostgresqlDumper {
  override readonly restoreSafety = 'atomic';
  /** How long a restore may wait for a lock of another session. Units: ms. */
  protected readonly lockPatienceMs: number = 60_000;

  override get reads(): readonly string[] {
    return ['pg-custom', 'pg-plain'];
  }

  /** Extensions that the connector itself makes in the target before a restore. */
  protected extensionsOf(database: Database): readonly string[];
  protected extensionsOf(): readonly string[] {
    return [];
  }

  /** What has to be in the target before the dump goes in. */
  protected makeReady(database: Database, run: Run): Promise<void>;
  protected makeReady(): Promise<void> {
    return Promise.resolve();
  }

  protected override uses(database: Database): readonly UsedTool[] {
    const settings = settingsOf(database);
    const selection = [
      ...settings.exclude.map((name) => `--exclude-table-data=${name}`),
      ...settings.schemas.flatMap((name) => ['-n', `"${name}"`]),
    ];
    const dump = dumpArgs(this.format, { settings, selection, isCompressed: false });
    const restore = this.format === 'pg-custom' ? prepareArchive : preparePlain;
    const told = { settings, file: 'DUMP', list: undefined, withoutOwners: false, token: 'TOKEN' };
    return [
      { use: dumpUse, inputFor: (tool) => this.input(database, tool, dump) },
      {
        use: restoreUses[this.format],
        inputFor: (tool) => {
          const { args, operands } = restore({ ...told, inContainer: tool.inContainer });
          return { ...this.input(database, tool, args, `${applicationName}-TOKEN`), operands };
        },
      },
    ];
  }

  override async prepareRestore(
    wanted: Database,
    dump: OpenDump,
    _inspection: Inspection,
    workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore> {
    const content = await contentOf(dump, run);
    const isSafety = isSafetyDump(dump);
    const isUndo = isSafety && isSameTarget(dump.manifest?.target, wanted.target);
    const database = isSafety ? { ...wanted, keys: { ...wanted.keys, RESTORE_SUFFIX: '' } } : wanted;
    const settings = { ...settingsOf(database), ...(isSafety ? { drop: true, ifExists: true, schemas: [] } : {}) };
    const { dumped } = content;
    if (content.kind === 'pg-plain' && settings.schemas.length > 0)
      run.log('warning', 'SCHEMAS has no effect on restoring plain SQL.');
    const place = this.place(database, 'restore');
    const willExist = this.extensionsOf(database);
    const target = await withSession(place, run.signal, async (session) => ({
      plan: await planRestore(session, { alias: database.alias, settings, dumped, willExist, isUndo, run }),
      major: (await readFacts(session, ['pg_catalog'])).major,
      exists: true,
    })).catch((error: unknown) => {
      if (isCode(error, 'connection.unknownDatabase')) return { plan: undefined, major: undefined, exists: false };
      if (this.isOutOfSight(database, 'restore', error)) return { plan: undefined, major: undefined, exists: true };
      throw error;
    });
    if (content.kind === 'pg-plain' && dumped.hasPartitions && target.plan?.hasTables === true)
      throw refusedRestore(
        'A plain dump with partitioned tables can be restored into an empty database only.',
        'Use a dump of PgDumpBinaryConnector, or an empty database.',
      );
    const server = target.major === undefined ? undefined : { major: target.major };
    const use = (content.kind === this.format ? restoreUses : otherUses)[content.kind];
    const archiveVersion = content.kind === 'pg-custom' ? content.version : undefined;
    const tool = await this.resolveTool(database, use, atLeast(server, archiveVersion));
    refuseOldTool(tool, archiveVersion);
    const restore: Restore = {
      ...content,
      settings,
      plan: target.plan ?? freshPlan(willExist),
      path: dump.path,
      scratch: workspace.scratch,
      inContainer: tool.inContainer,
    };
    const isAtomic = settings.singleTransaction && !tool.inContainer;
    const { exists } = target;
    const undo =
      isUndo && exists && restore.kind === 'pg-custom' ? await this.undoOf(database, { restore, use, tool, server }) : undefined;
    const applied = undo ?? { restore, use, tool, ready: (apply) => readyFiles(restore, apply) };
    return {
      emptied: restore.plan.emptied,
      lost: restore.plan.lost,
      warnings: isAtomic ? [] : ['This restore is not one transaction: if it fails, it is rolled back from the safety dump.'],
      safety: isAtomic ? 'atomic' : 'rollBack',
      ...(undo === undefined ? {} : { unlistedTables: 'removed' }),
      apply: (apply) => this.apply(database, { ...applied, place, exists }, apply),
    };
  }

  /** An undo is one script, made by pg_dump and pg_restore and run by psql. */
  private async undoOf(
    database: Database,
    {
      restore,
      use,
      tool,
      server,
    }: {
      readonly restore: Extract<Restore, { kind: 'pg-custom' }>;
      readonly use: ToolUse;
      readonly tool: ResolvedTool;
      readonly server: { readonly major: number } | undefined;
    },
  ): Promise<Applied> {
    const lister = await this.resolveTool(database, listUse, server);
    const runner = await this.resolveTool(database, otherUses['pg-plain'], server);
    refuseOldTool(runner, undefined);
    const makers = { pg_dump: [listUse, lister], pg_restore: [use, tool] } as const;
    const ready = async (run: Run): Promise<Ready> => {
      const script = await writeUndo(
        restore,
        async (name, { args, operands }, io) => {
          const [makerUse, maker] = makers[name];
          const calls = await this.calls(database, makerUse, maker, { ...this.input(database, maker, args), operands });
          await this.runTool(database, calls, { ...io, cwd: restore.scratch }, run);
        },
        run,
      );
      return readyScript({ ...restore, inContainer: runner.inContainer }, script, run);
    };
    return { restore, use: otherUses['pg-plain'], tool: runner, ready };
  }

  protected override restoreDump(): Promise<void> {
    return Promise.reject(new Error('A restore of PostgreSQL is prepared first.'));
  }

  private async apply(database: Database, applied: Applied & { place: Place; exists: boolean }, run: Run): Promise<void> {
    const { restore, use, tool, ready, place, exists } = applied;
    run.progress({ phase: 'restoring' });
    run.signal.throwIfAborted();
    const { endSessions, withTarget } = await import('./targetDatabase.ts');
    const { watchingLocks } = await import('./lockWatch.ts');
    await withTarget(place, { exists, signal: run.signal }, async () => {
      await this.makeReady(database, run);
      const { args, operands, io } = await ready(run);
      const application = `${applicationName}-${randomBytes(6).toString('hex')}`;
      const calls = await this.calls(database, use, tool, { ...this.input(database, tool, args, application), operands });
      try {
        await watchingLocks({ place, application, patienceMs: this.lockPatienceMs }, run, async (signal) => {
          await this.runTool(database, calls, { ...io, stdout: { kind: 'none' }, cwd: restore.scratch }, { ...run, signal });
        });
      } catch (error) {
        await endSessions(place, application);
        throw error;
      }
    });
  }
}

interface Applied {
  readonly restore: Restore;
  readonly use: ToolUse;
  readonly tool: ResolvedTool;
  ready(run: Run): Promise<Ready>;
}

/** The version to look for: that of the server, unless only a newer pg_restore reads the archive. */
function atLeast(server: { readonly major: number } | undefined, archiveVersion: number | undefined): typeof server {
  if (server === undefined || archiveVersion === undefined) return server;
  return { major: Math.max(server.major, majorForArchive(archiveVersion)) };
}

/** What is dropped for an undo is what was made where the safety dump comes from, and nowhere else. */
function isSameTarget(of: ManifestTarget | undefined, target: Target): boolean {
  if (of?.kind !== 'server' || target.kind !== 'server') return false;
  return of.host === target.host && of.port === target.port && of.database === target.database;
}

function isSafetyDump({ origin, manifest }: OpenDump): boolean {
  return origin === 'here' && manifest?.kind === 'safety';
}
