import type { DumpFacts, DumpOptions, DumpStream, Inspection, Workspace } from '../../core/connector.ts';
import { targetLabel, type Database } from '../../core/database.ts';
import type { Contents } from '../../core/contents.ts';
import type { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import type { Phase } from '../../core/toolCall.ts';
import type { StagesEnd, StagesIo } from '../../system/process.ts';
import { chunkPipe } from '../chunkPipe.ts';
import { BaseCommandDBConnector, isShaped, type CallInput, type ResolvedTool } from '../command.ts';
import { lackWarnings } from '../dumpProblems.ts';
import { dumpArgs, lockWaitMs, type DumpKind } from './arguments.ts';
import { readFacts } from './catalog.ts';
import {
  dumpProgress,
  isSame,
  missingTables,
  partitionedTables,
  planDump,
  refuseWithoutRoom,
  type DumpPlan,
} from './dumpPlan.ts';
import { explainTool } from './failures.ts';
import { isCode, withSession, type Place } from './session.ts';
import { applicationName, connectionVariables, driverVariables, settingsOf } from './settings.ts';
import { dumpUse } from './toolUses.ts';

/** What the three PostgreSQL connectors share to look at a database and to dump it; they make safety dumps in the custom format. */
export abstract class PostgresqlDumper extends BaseCommandDBConnector {
  abstract override readonly format: DumpKind;
  readonly safetyFormat: DumpKind = 'pg-custom';
  protected override readonly canBeBesideServer = true;

  protected override explainFailure(end: StagesEnd, tool: string, database: Database): BackupError {
    return explainTool(end, tool, targetLabel(database.target));
  }

  override async inspect(database: Database, _workspace: Workspace, run: Run): Promise<Inspection> {
    try {
      const facts = await withSession(this.place(database, 'restore'), run.signal, (session) =>
        readFacts(session, settingsOf(database).schemas),
      );
      const { serverVersion, contents, openSessions, sizeBytes } = facts;
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
    _workspace: Workspace,
    run: Run,
  ): Promise<DumpFacts> {
    const dumping = await this.planned(database, { ...options, isCompressed: false }, run);
    // An archive is given its list's places at the end; plain SQL is read by others while it grows.
    const mode = dumping.kind === 'pg-plain' ? { mode: 'append' as const } : {};
    return this.dumpTo(dumping, { kind: 'file', path, ...mode }, run);
  }

  streamDump(database: Database, options: DumpOptions, _workspace: Workspace, run: Run): DumpStream {
    const pipe = chunkPipe();
    const work = async (): Promise<DumpFacts> => {
      const dumping = await this.planned(database, { ...options, isCompressed: true }, run);
      return this.dumpTo(dumping, { kind: 'stream', writable: pipe.writable }, run);
    };
    const facts = work();
    facts.catch((error: unknown) => pipe.fail(error));
    return { bytes: pipe.bytes, facts };
  }

  /** Where the driver connects. */
  protected place(database: Database, phase: Phase): Place {
    return { variables: driverVariables(database, phase), where: targetLabel(database.target) };
  }

  private async planned(
    database: Database,
    options: DumpOptions & { readonly isCompressed: boolean },
    run: Run,
  ): Promise<Dumping> {
    const kind = options.purpose === 'safety' ? this.safetyFormat : this.format;
    // A safety dump is ours alone: nothing of the user's may stand in it, or in its way.
    const keys = options.purpose === 'safety' ? { ...database.keys, DUMP_SUFFIX: '' } : database.keys;
    const safe = { ...database, keys };
    const settings = settingsOf(database);
    const deciding = withSession(this.place(database, 'dump'), run.signal, (session) =>
      planDump(session, { alias: database.alias, settings, purpose: options.purpose, run }),
    );
    const { plan, tool } = await this.decidedWithTool(safe, dumpUse, deciding);
    if (plan !== undefined && options.freeBytes !== undefined) {
      const isPlain = kind === 'pg-plain' && !options.isCompressed;
      const room = { freeBytes: await options.freeBytes(), kind: isPlain ? 'plain' : 'compressed' } as const;
      refuseWithoutRoom(plan, { ...room, where: targetLabel(database.target) });
    }
    const args = dumpArgs(kind, { settings, selection: plan?.selection ?? [], isCompressed: options.isCompressed });
    return { database: safe, kind, plan, tool, args, purpose: options.purpose };
  }

  private async dumpTo(dumping: Dumping, stdout: StagesIo['stdout'], run: Run): Promise<DumpFacts> {
    const { database, plan, tool, args, kind } = dumping;
    const calls = await this.calls(database, dumpUse, tool, this.input(database, tool, args));
    const said: string[] = [];
    const progress = plan === undefined ? (): void => undefined : dumpProgress(plan.facts, run);
    run.progress({ phase: 'dumping' });
    const io: StagesIo = {
      stdin: { kind: 'none' },
      stdout,
      // A plain dump says nothing before all of its locks are there.
      firstByteMs: lockWaitMs + 5000,
      onStderrLine: (line) => {
        progress(line);
        if (/(warning|error|hint|detail):/i.test(line) && said.length < 100) said.push(line);
      },
    };
    await this.runTool(database, calls, io, run);
    const partitioned = plan !== undefined && kind === 'pg-plain' ? partitionedTables(plan.facts) : [];
    const emptyOnly = 'A plain dump with partitioned tables can be restored into an empty database only.';
    const facts: DumpFacts = {
      contents: plan?.facts.contents ?? { tables: [], objects: {} },
      serverVersion: plan?.facts.serverVersion ?? '',
      tools: [tool.facts],
      warnings: [...(plan?.warnings ?? []), ...(partitioned.length > 0 ? [emptyOnly] : []), ...said],
    };
    return { ...facts, accept: (found) => this.accept(dumping, facts, found, run) };
  }

  /** Tables may come and go before the dump has its view of the data, and be left out by words of the user: the dump itself says what it holds. */
  private async accept(
    { database, plan, tool, purpose }: Dumping,
    facts: DumpFacts,
    found: Contents,
    run: Run,
  ): Promise<DumpFacts> {
    if (plan === undefined) return { ...facts, contents: found };
    if (isSame(plan.facts.contents, found)) return facts;
    const schemas = purpose === 'safety' ? [] : settingsOf(database).schemas;
    const now = await withSession(this.place(database, 'dump'), run.signal, (session) => readFacts(session, schemas));
    const missing = missingTables(plan.facts.contents, now.contents, found);
    return { ...facts, contents: found, warnings: [...facts.warnings, ...lackWarnings(missing, isShaped(database, tool))] };
  }

  /** What every call of a tool has: in the container of the server, the port in there. `application` is what the server shows the tool as. */
  protected input(
    database: Database,
    { container }: ResolvedTool,
    args: readonly string[],
    application = applicationName,
  ): CallInput {
    const { env, ...others } = connectionVariables(database);
    const inside = container === undefined ? {} : { PGHOST: 'localhost', PGPORT: String(container.port) };
    return { args, env: { ...env, ...inside, PGAPPNAME: application }, ...others, withoutParent: 'PG' };
  }
}

interface Dumping {
  readonly database: Database;
  readonly kind: DumpKind;
  readonly plan: DumpPlan | undefined;
  readonly tool: ResolvedTool;
  readonly args: readonly string[];
  readonly purpose: DumpOptions['purpose'];
}
