import { createHash, randomBytes } from 'node:crypto';
import type {
  DumpFacts,
  DumpOptions,
  DumpStream,
  Inspection,
  OpenDump,
  PreparedRestore,
  Workspace,
} from '../../core/connector.ts';
import { targetLabel, type Database } from '../../core/database.ts';
import type { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import type { StagesEnd, StagesIo } from '../../system/process.ts';
import { withSecretFile } from '../../system/secretFile.ts';
import { excludedTables } from '../base.ts';
import { chunkPipe } from '../chunkPipe.ts';
import { BaseCommandDBConnector, isShaped, type ResolvedTool, type ToolUse, type UsedTool } from '../command.ts';
import { restoreProgress } from '../restoreProgress.ts';
import { canDumpHistory, dumpArgs, flavourArgs, restoreArgs } from './arguments.ts';
import { readFacts, type DatabaseFacts } from './catalog.ts';
import { dumpFacts } from './dumpFacts.ts';
import { missingNames, planDump, type DumpPlan } from './dumpPlan.ts';
import { encryptionOptions } from './encryption.ts';
import type { DumpScan } from './findings.ts';
import { explainTool } from './failures.ts';
import { watchingLocks } from './lockWatch.ts';
import { PassingDump } from './passingDump.ts';
import { planRestore, type RestorePlan } from './restorePlan.ts';
import { inputFile, readDump, type Restore } from './restoring.ts';
import { isCode, withSession } from './session.ts';
import { placeOf, type Place } from './settings.ts';
import { compareWithScan, dropOthers, endSession, withTarget } from './targetDatabase.ts';
import { dumpInput, optionsOf, placeOfTool, restoreInput } from './toolWords.ts';

const dumpUse: ToolUse = { phase: 'dump', names: ['mariadb-dump', 'mysqldump'], commandKeys: ['DUMP_CMD'] };
const restoreUse: ToolUse = { phase: 'restore', names: ['mariadb', 'mysql'], commandKeys: ['RESTORE_CMD'] };
/** How long the tool may say nothing at all. Units: ms. */
const firstByteMs = 50_000;

/** Dumps with mariadb-dump or mysqldump, and restores with mariadb or mysql: those that belong to the server. */
export class MysqlDumpConnector extends BaseCommandDBConnector {
  override readonly name = 'MysqlDumpConnector';
  override readonly format = 'mysql-sql';
  protected override readonly canBeBesideServer = true;
  /** How long a dump may wait for a locked table. Before the first one the tool has said nothing at all, and must not be ended for that. Units: ms. */
  protected readonly lockPatienceMs: number = firstByteMs - 5000;

  protected override uses(database: Database): readonly UsedTool[] {
    const place = placeOf(database, 'restore');
    const dump = dumpArgs({ withoutRoutines: false, withoutEvents: false, withHistory: false });
    const restore = restoreArgs(place.name, 'dbbackup-TOKEN');
    const options = 'OPTIONS';
    return [
      { use: dumpUse, inputFor: (tool) => dumpInput(dump, place, { tool, options }) },
      {
        use: restoreUse,
        inputFor: (tool) => {
          const encryption = encryptionOptions(place.encryption, tool, undefined);
          return restoreInput(restore, place, { tool, options, encryption });
        },
      },
    ];
  }

  protected override explainFailure(end: StagesEnd, tool: string, database: Database): BackupError {
    return explainTool(end, tool, targetLabel(database.target));
  }

  override async inspect(database: Database, _workspace: Workspace, run: Run): Promise<Inspection> {
    try {
      const { serverVersion, contents, openSessions, sizeBytes } = await withSession(
        placeOf(database, 'restore'),
        run.signal,
        readFacts,
      );
      return { exists: true, serverVersion, contents, openSessions, sizeBytes };
    } catch (error) {
      const nothing = { serverVersion: '', contents: { tables: [], objects: {} } };
      if (isCode(error, 'connection.unknownDatabase')) return { exists: false, ...nothing };
      if (this.isOutOfSight(database, 'restore', error)) return { exists: true, ...nothing };
      throw error;
    }
  }

  override async createDump(
    database: Database,
    path: string,
    options: DumpOptions,
    { scratch }: Workspace,
    run: Run,
  ): Promise<DumpFacts> {
    const dumping = await this.planned(database, options, run);
    const passing = new PassingDump(run);
    const hash = createHash('sha256');
    const said = await watchingLocks(this.watched(dumping, passing), run, async (signal) => {
      const own = new AbortController();
      const both = AbortSignal.any([signal, own.signal]);
      const tool = this.dumpTo(dumping, { kind: 'file', path }, { scratch, run: { ...run, signal: both } });
      const reading = (async (): Promise<void> => {
        for await (const chunk of passing.through(options.follow(path, tool, both))) hash.update(chunk);
      })();
      reading.catch((error: unknown) => own.abort(error));
      await Promise.allSettled([tool, reading]);
      await reading.catch((error: unknown) => tool.then(() => Promise.reject(error)));
      return tool;
    });
    const facts = await this.factsOf(dumping, { said, scan: passing.end() }, run);
    return { ...facts, sha256: hash.digest('hex'), proven: 'quick' };
  }

  streamDump(database: Database, options: DumpOptions, { scratch }: Workspace, run: Run): DumpStream {
    const pipe = chunkPipe();
    const passing = new PassingDump(run);
    const work = async (): Promise<DumpFacts> => {
      const dumping = await this.planned(database, options, run);
      const out = { kind: 'stream', writable: pipe.writable } as const;
      const said = await watchingLocks(this.watched(dumping, passing), run, (signal) =>
        this.dumpTo(dumping, out, { scratch, run: { ...run, signal } }),
      );
      await passing.isRead;
      return this.factsOf(dumping, { said, scan: passing.end() }, run);
    };
    const facts = work();
    facts.catch((error: unknown) => pipe.fail(error));
    return { bytes: passing.through(pipe.bytes), facts };
  }

  override async prepareRestore(
    database: Database,
    dump: OpenDump,
    _inspection: Inspection,
    workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore> {
    const place = placeOf(database, 'restore');
    const scan = await readDump(dump, { alias: database.alias, name: place.name, run });
    const removesOthers = dump.origin === 'here' && dump.manifest?.kind === 'safety';
    const restoring = { alias: database.alias, name: place.name, scan, origin: dump.origin, removesOthers, run };
    const target = await this.lookAtTarget(database, place, restoring);
    const tool = await this.resolveTool(database, restoreUse, target.plan?.facts);
    const restore: Restore = { ...target, place, dump, scan, tool, removesOthers, scratch: workspace.scratch };
    return {
      emptied: [],
      lost: [],
      warnings: target.plan?.warnings ?? [],
      safety: this.restoreSafety,
      ...(removesOthers ? { unlistedTables: 'removed' } : {}),
      apply: (apply) => this.apply(database, restore, apply),
    };
  }

  protected override restoreDump(): Promise<void> {
    return Promise.reject(new Error('A restore of MySQL is prepared first.'));
  }

  /** The target as it is; where there is none yet, its server. */
  private async lookAtTarget(
    database: Database,
    place: Place,
    restoring: Parameters<typeof planRestore>[1],
  ): Promise<{ readonly plan: RestorePlan | undefined; readonly exists: boolean }> {
    const { signal } = restoring.run;
    try {
      return { plan: await withSession(place, signal, (session) => planRestore(session, restoring)), exists: true };
    } catch (error) {
      if (this.isOutOfSight(database, 'restore', error)) return { plan: undefined, exists: true };
      if (!isCode(error, 'connection.unknownDatabase')) throw error;
      return { plan: await withSession(place, signal, (session) => planRestore(session, restoring), 'server'), exists: false };
    }
  }

  private async apply(database: Database, restore: Restore, run: Run): Promise<void> {
    const { place, scan, exists, plan, removesOthers } = restore;
    run.progress({ phase: 'restoring' });
    run.signal.throwIfAborted();
    const path = await inputFile(restore, run);
    await withTarget(place, { exists, signal: run.signal }, async () => {
      if (removesOthers && plan !== undefined)
        await withSession(place, run.signal, (session) => dropOthers(session, place.name, scan));
      const token = `dbbackup-${randomBytes(12).toString('hex')}`;
      try {
        await this.restoreFrom(database, path, { restore, token, run });
      } catch (error) {
        if (plan !== undefined) await endSession(place, token);
        throw error;
      }
      if (plan !== undefined) await withSession(place, run.signal, (session) => compareWithScan(session, scan));
    });
  }

  private async restoreFrom(
    database: Database,
    path: string,
    { restore, token, run }: { readonly restore: Restore; readonly token: string; readonly run: Run },
  ): Promise<void> {
    const { place, plan, tool, scratch } = restore;
    const args = restoreArgs(place.name, token);
    const reading = await restoreProgress(path, run);
    const io: StagesIo = { stdin: { kind: 'file', path }, stdout: { kind: 'none' }, reading, cwd: scratch };
    const encryption = encryptionOptions(place.encryption, tool, plan?.facts.flavour);
    await withSecretFile(scratch, optionsOf(place, encryption), async (options) => {
      const input = restoreInput(args, place, { tool, options, encryption });
      await this.runTool(database, await this.calls(database, restoreUse, tool, input), io, run);
    });
  }

  private async planned(database: Database, options: DumpOptions, run: Run): Promise<Dumping> {
    // A safety dump is ours alone: nothing of the user's may stand in it, or in its way.
    const keys = options.purpose === 'safety' ? { ...database.keys, DUMP_SUFFIX: '' } : database.keys;
    const safe = { ...database, keys };
    const place = placeOf(safe, 'dump');
    const { alias } = database;
    const planning = { alias, name: place.name, exclude: excludedTables(database), purpose: options.purpose, run };
    const deciding = withSession(place, run.signal, (session) => planDump(session, planning));
    const { plan, tool } = await this.decidedWithTool(safe, dumpUse, deciding);
    const kind = { flavour: tool.flavour, version: tool.facts.version };
    const isVersioned = plan?.facts.tables.some((table) => table.isVersioned) === true;
    const withHistory = isVersioned && canDumpHistory(kind, plan.facts);
    return { database: safe, place, plan, tool, withHistory, purpose: options.purpose };
  }

  private watched({ place }: Dumping, passing: PassingDump): Parameters<typeof watchingLocks>[0] {
    return { place, patienceMs: this.lockPatienceMs, idleMs: () => passing.idleMs() };
  }

  /** Gives what the tool said on the side. */
  private async dumpTo(
    { database, place, plan, tool, withHistory, purpose }: Dumping,
    stdout: StagesIo['stdout'],
    { scratch, run }: { readonly scratch: string; readonly run: Run },
  ): Promise<string> {
    const ignored = plan?.ignored ?? (purpose === 'safety' ? [] : excludedTables(database));
    const kind = { flavour: tool.flavour, version: tool.facts.version };
    const [withoutRoutines, withoutEvents] = [plan?.lacking.has('routine') === true, plan?.lacking.has('event') === true];
    const args = [...dumpArgs({ withoutRoutines, withoutEvents, withHistory }), ...flavourArgs(kind)];
    const encryption = encryptionOptions(place.encryption, tool, plan?.facts.flavour);
    run.progress({ phase: 'dumping' });
    return withSecretFile(scratch, optionsOf(placeOfTool(place, tool), encryption, ignored), async (options) => {
      const calls = await this.calls(database, dumpUse, tool, dumpInput(args, place, { tool, options }));
      const stdin: StagesIo['stdin'] = tool.inContainer ? { kind: 'file', path: options } : { kind: 'none' };
      return (await this.runTool(database, calls, { stdin, stdout, firstByteMs }, run)).stderr;
    });
  }

  private async factsOf(
    { database, place, plan, tool, withHistory, purpose }: Dumping,
    { said, scan }: { readonly said: string; readonly scan: DumpScan },
    run: Run,
  ): Promise<DumpFacts> {
    const lookAgain = (): Promise<DatabaseFacts> => withSession(place, run.signal, readFacts);
    const missing = plan === undefined ? [] : await missingNames(plan, scan, lookAgain);
    return dumpFacts({ scan, plan, missing, tool, said, withHistory, isShaped: isShaped(database, tool), purpose });
  }
}

interface Dumping {
  readonly database: Database;
  readonly place: Place;
  readonly plan: DumpPlan | undefined;
  readonly tool: ResolvedTool;
  readonly withHistory: boolean;
  readonly purpose: DumpOptions['purpose'];
}
