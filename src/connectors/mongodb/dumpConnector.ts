import type { DumpFacts, DumpOptions, Inspection, OpenDump, PreparedRestore, Workspace } from '../../core/connector.ts';
import { targetLabel, type Database } from '../../core/database.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import type { ToolCall } from '../../core/toolCall.ts';
import { orElse } from '../../core/words.ts';
import { fileBytes } from '../../system/fileBytes.ts';
import type { StagesEnd, StagesIo } from '../../system/process.ts';
import { withSecretFile } from '../../system/secretFile.ts';
import { BaseCommandDBConnector, isShaped, type CallInput, type ResolvedTool, type ToolUse, type UsedTool } from '../command.ts';
import { readArchive } from './archive.ts';
import { dumpArgs, restoreArgs } from './arguments.ts';
import { liveContents, type DatabaseFacts } from './catalog.ts';
import { factsOf, inspectDatabase, targetCollections, unmatchedWarnings } from './connector.ts';
import { contentsOf } from './contents.ts';
import { changesWhile } from './dumped.ts';
import { explainTool } from './failures.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { unknownDatabase } from './problems.ts';
import { documentProgress } from './progress.ts';
import { planRestore, previewOf, type RestorePlan } from './restoring.ts';
import { connectionOf, placeOf, secretsText, settingsOf } from './settings.ts';
import { withTarget } from './targetDatabase.ts';

const dumpUse: ToolUse = { phase: 'dump', names: ['mongodump'], commandKeys: ['DUMP_CMD'] };
const restoreUse: ToolUse = { phase: 'restore', names: ['mongorestore'], commandKeys: ['RESTORE_CMD'] };

/** Dumps with mongodump and restores with mongorestore. The server is looked at with the driver. */
export class MongoDumpConnector extends BaseCommandDBConnector {
  override readonly name = 'MongoDumpConnector';
  override readonly format = 'mongo-archive';

  protected override uses(database: Database): readonly UsedTool[] {
    const settings = settingsOf(database);
    const connection = connectionOf(database);
    const config = secretsText(connection) === undefined ? undefined : 'FILE';
    const plan = { source: settings.name, drop: settings.drop, hasValidators: false };
    return [
      { use: dumpUse, inputFor: () => inputOf(dumpArgs(connection, { settings, exclude: settings.exclude, config })) },
      { use: restoreUse, inputFor: () => inputOf(restoreArgs(connection, { settings, plan, config })) },
    ];
  }

  protected override explainFailure(end: StagesEnd, tool: string, database: Database): BackupError {
    return explainTool(end, tool, targetLabel(database.target));
  }

  /** The other connector needs no programs. */
  protected override async resolveTool(database: Database, use: ToolUse): Promise<ResolvedTool> {
    try {
      return await super.resolveTool(database, use);
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== 'tool.missing') throw error;
      const hint = orElse(error.hint, 'set CONNECTOR to MongoDriverConnector, which needs no programs');
      throw new BackupError('tool.missing', error.message, { hint, cause: error });
    }
  }

  override inspect(database: Database, _workspace: Workspace, run: Run): Promise<Inspection> {
    return inspectDatabase(database, run);
  }

  override async createDump(
    database: Database,
    path: string,
    { purpose }: DumpOptions,
    workspace: Workspace,
    run: Run,
  ): Promise<DumpFacts> {
    const before = await factsOf(database, run);
    if (before?.collections.length === 0) throw unknownDatabase(targetLabel(database.target));
    // A safety dump is ours alone: nothing of the user's may stand in it, or in its way.
    const safe = purpose === 'safety' ? { ...database, keys: { ...database.keys, DUMP_SUFFIX: '' } } : database;
    const settings = settingsOf(database);
    const exclude = purpose === 'safety' ? [] : settings.exclude;
    const tool = await this.resolveTool(safe, dumpUse);
    run.progress({ phase: 'dumping' });
    await this.withSecrets(safe, { use: dumpUse, tool, workspace }, async (config, stdin) => {
      const input = inputOf(dumpArgs(connectionOf(safe), { settings, exclude, config }));
      const calls = await this.calls(safe, dumpUse, tool, input);
      const progress = documentProgress('dumping', before && liveContents(before.collections), run);
      const io: StagesIo = { stdin, stdout: { kind: 'file', path }, firstByteMs: 50_000, onStderrLine: progress };
      await this.runTool(safe, calls, io, run);
    });
    return this.factsOfDump(safe, path, { before, exclude, tool, run });
  }

  override async prepareRestore(
    database: Database,
    dump: OpenDump,
    _inspection: Inspection,
    workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore> {
    const settings = settingsOf(database);
    const there = await targetCollections(database, run);
    const plan = await planRestore(dump, { settings, there: there ?? [], run });
    const tool = await this.resolveTool(database, restoreUse);
    if (tool.inContainer && secretsText(connectionOf(database)) !== undefined)
      throw refusedRestore(
        'mongorestore cannot be given a password into a container beside the dump.',
        'Publish the server’s port and set CONNECTOR to MongoDriverConnector, or leave RESTORE_PREFIX out.',
      );
    return {
      ...previewOf(plan),
      apply: (apply) =>
        this.apply(database, { dump, plan, tool, workspace, exists: there === undefined || there.length > 0 }, apply),
    };
  }

  protected override restoreDump(): Promise<void> {
    return Promise.reject(new Error('A restore of MongoDB is prepared first.'));
  }

  private async apply(database: Database, { dump, plan, tool, workspace, exists }: Applied, run: Run): Promise<void> {
    const settings = settingsOf(database);
    run.progress({ phase: 'restoring' });
    run.signal.throwIfAborted();
    await withTarget(placeOf(database, 'restore'), { exists, removed: plan.removed, signal: run.signal }, () =>
      this.withSecrets(database, { use: restoreUse, tool, workspace }, async (config) => {
        const input = inputOf(restoreArgs(connectionOf(database), { settings, plan, config }));
        const calls = await this.calls(database, restoreUse, tool, input);
        const progress = documentProgress('restoring', contentsOf(plan.archive), run);
        const stdin = { kind: 'file', path: dump.path } as const;
        const end = await this.runTool(database, calls, { stdin, stdout: { kind: 'none' }, onStderrLine: progress }, run);
        throwIfFailed(end, database);
      }),
    );
  }

  private async factsOfDump(database: Database, path: string, { before, exclude, tool, run }: Dumped): Promise<DumpFacts> {
    const archive = await readArchive(fileBytes(path), { depth: 'length', onBytes: () => run.signal.throwIfAborted() });
    const contents = contentsOf(archive);
    const comparison = { exclude, isShaped: isShaped(database, tool), lookAgain: () => factsOf(database, run) };
    const compared = before && (await changesWhile(archive.collections, { before, ...comparison }));
    return {
      contents,
      serverVersion: archive.serverVersion,
      tools: [tool.facts],
      warnings: [...unmatchedWarnings(exclude, before), ...(compared ?? [])],
    };
  }

  /** Gives `body` the file that holds the password, and removes it again; into a container it goes through the standard input. */
  private async withSecrets(
    database: Database,
    { use, tool, workspace }: { readonly use: ToolUse; readonly tool: ResolvedTool; readonly workspace: Workspace },
    body: (config: string | undefined, stdin: StagesIo['stdin']) => Promise<void>,
  ): Promise<void> {
    const text = secretsText(connectionOf(database));
    if (text === undefined) return body(undefined, { kind: 'none' });
    await withSecretFile(workspace.scratch, text, (path) =>
      tool.inContainer && use.phase === 'dump' ? body('/dev/stdin', { kind: 'file', path }) : body(path, { kind: 'none' }),
    );
  }
}

interface Applied {
  readonly dump: OpenDump;
  readonly plan: RestorePlan;
  readonly tool: ResolvedTool;
  readonly workspace: Workspace;
  readonly exists: boolean;
}

interface Dumped {
  readonly before: DatabaseFacts | undefined;
  readonly exclude: readonly string[];
  readonly tool: ResolvedTool;
  readonly run: Run;
}

function inputOf(args: readonly string[]): CallInput {
  return { args, env: {} satisfies ToolCall['env'], secrets: [] };
}

/** mongorestore ends with 0 although documents are missing. Source: seen with 100.18, without --stopOnError. */
function throwIfFailed({ stderr }: StagesEnd, database: Database): void {
  const failed = [...stderr.matchAll(/(\d+) document\(s\) failed to restore/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
  if (failed === 0) return;
  throw new BackupError('restore.incomplete', `${failed} documents were not restored into ${targetLabel(database.target)}.`, {
    hint: 'Show the log for the reason: a document that is already there, or one that a validator refuses.',
  });
}
