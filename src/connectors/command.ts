import { basename, posix, win32 } from 'node:path';
import type { Description, ToolFacts } from '../core/connector.ts';
import { isLocal, type Database } from '../core/database.ts';
import { BackupError, toFailure } from '../core/errors.ts';
import { isSetByWorkspace } from '../core/plan.ts';
import type { Run } from '../core/run.ts';
import { quoteWord, splitWords } from '../core/shellWords.ts';
import { assembleCalls, isContainerPrefix, prefixWords, type Phase, type ToolCall } from '../core/toolCall.ts';
import { orElse } from '../core/words.ts';
import { composeService } from '../system/compose.ts';
import { lifeline, runStages, type StagesEnd, type StagesIo } from '../system/process.ts';
import { chooseTool, findProgram, findTools, missingTool, type ServerFacts, type ToolSearch } from '../system/tools.ts';
import { BaseDBConnector } from './base.ts';

/**
 * Which tool a phase uses.
 *
 * Shape: `names` in order of preference, all of them the same tool under several names; `commandKeys` are the settings keys that may name
 * another program, the first that is set counts.
 */
export interface ToolUse {
  readonly phase: Phase;
  readonly names: readonly string[];
  readonly commandKeys: readonly string[];
}

/** A tool that was looked up. `words` follow it in its settings key. In a container its version is not known. */
export interface ResolvedTool {
  readonly facts: ToolFacts;
  readonly words: readonly string[];
  readonly inContainer: boolean;
  /** Set where the tool was found in a container by itself: the words before it, and the server's port in there. */
  readonly container?: { readonly prefix: string; readonly port: number };
  readonly flavour?: 'mysql' | 'mariadb' | undefined;
}

/** What a tool has to fit, which may be still on its way to be known. */
type Server = ServerFacts | Promise<ServerFacts | undefined> | undefined;

/** A tool of a connector, and what is added to a call of the one that was found. */
export interface UsedTool {
  readonly use: ToolUse;
  inputFor(tool: ResolvedTool): CallInput;
}

/** What a connector adds to a call of its tool. */
export interface CallInput {
  /** What must stand before the words of DUMP_CMD or RESTORE_CMD. */
  readonly first?: readonly string[];
  readonly args: readonly string[];
  /** What must stand behind the words of SUFFIX. */
  readonly operands?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Names of variables that hold paths of this machine. */
  readonly localFiles?: readonly string[];
  /** Inherited variables whose names begin so are left out. */
  readonly withoutParent?: string;
}

/** What every connector starts from that works through a tool: its lookup, its calls as the settings want them, its failures. */
export abstract class BaseCommandDBConnector extends BaseDBConnector {
  warmUp(): void {
    lifeline().catch(() => undefined);
  }

  /** The tools of both phases with what is added to them, for `describe`. */
  protected abstract uses(database: Database): readonly UsedTool[];

  /** What a failed tool's last words mean. `tool` is its name. */
  protected abstract explainFailure(end: StagesEnd, tool: string, database: Database): BackupError;

  /** Whether its tools may also be those in the container of the server. What is added to their calls then names the port in there. */
  protected readonly canBeBesideServer: boolean = false;

  override async describe(database: Database): Promise<Description> {
    const tools: ToolFacts[] = [];
    const calls: Record<Phase, readonly ToolCall[]> = { dump: [], restore: [] };
    const problems: Description['problems'][number][] = [];
    for (const { use, inputFor } of this.uses(database)) {
      try {
        // What runs in a container is only told here: its compose file is read, and nothing is started.
        const told = { ...database, mayUseContainers: true };
        const tool = (await this.#namedByWorkspace(database, use)) ?? (await this.resolveTool(told, use));
        tools.push(tool.facts);
        calls[use.phase] = await this.calls(database, use, tool, inputFor(tool));
      } catch (error) {
        if (!(error instanceof BackupError)) throw error;
        const { code, sentence, hint } = toFailure(error);
        const key = use.commandKeys.find((name) => database.keys[name] !== undefined) ?? 'CONNECTOR';
        problems.push({ key, severity: 'error', code, message: sentence, hint });
      }
    }
    return { tools, ...calls, problems };
  }

  /** A description comes before any approval: what the workspace names is looked up, but not asked for its version. */
  async #namedByWorkspace(database: Database, { phase, names, commandKeys }: ToolUse): Promise<ResolvedTool | undefined> {
    const [program, ...words] = commandWords(database, commandKeys);
    const key = commandKeys.find((name) => name in database.keys);
    if (program === undefined || key === undefined || !isSetByWorkspace(database, key)) return undefined;
    if (isContainerPrefix(prefixWords(database.keys, phase))) return undefined;
    const path = await findProgram(program, searchOf(database));
    return { facts: { name: names[0] ?? program, path, version: '', why: `named by ${key}` }, words, inContainer: false };
  }

  /**
   * Finds the tool for a phase: the program that the settings name, else of all that are installed the one that fits the server. Where none of them
   * does, it may be in the container of the server.
   *
   * Errors: `tool.missing`, `tool.tooOld`, `tool.wrongFlavour`.
   */
  protected async resolveTool(database: Database, use: ToolUse, server?: Server): Promise<ResolvedTool> {
    try {
      return await this.#chosenTool(database, use, server);
    } catch (error) {
      if (!(error instanceof BackupError) || lacks[error.code] === undefined) throw error;
      return this.#toolBesideServer(database, use, { cause: error, server });
    }
  }

  /** The tool in the service of the folder's compose file that publishes the server's port. Errors: `cause` where there is none. */
  async #toolBesideServer(
    database: Database,
    use: ToolUse,
    { cause, server }: { readonly cause: BackupError; readonly server: Server },
  ): Promise<ResolvedTool> {
    const { target, folder, keys, mayUseContainers } = database;
    const isNamed = commandWords(database, use.commandKeys).length > 0;
    if (!this.canBeBesideServer || isNamed || target.kind !== 'server' || !isLocal(target)) throw cause;
    // A socket is no published port: another server may listen there.
    if (target.host.startsWith('/')) throw cause;
    const service = await composeService(folder, target.port);
    const docker = await findProgram('docker', searchOf(database)).catch(() => undefined);
    if (service === undefined || docker === undefined) throw cause;
    const key = use.phase === 'dump' ? 'DUMP_PREFIX' : 'RESTORE_PREFIX';
    if (mayUseContainers !== true)
      throw new BackupError(cause.code, cause.message, {
        hint: orElse(cause.hint, `set ${key} to "docker compose exec -T ${service.name}"`),
        cause,
      });
    const words = [docker, 'compose', '--file', service.file, 'exec', '-T', service.name];
    const prefix = [...prefixWords(keys, use.phase), ...words].map(quoteWord).join(' ');
    const flavour = (await server)?.flavour ?? flavourOfImage(service.image);
    const name = nameInContainer(use, flavour);
    const why = `in the container of ${service.name} (${basename(service.file)}), because ${lacks[cause.code] ?? ''}`;
    const facts = { name, path: name, version: '', why, container: service.name };
    return { facts, words: [], inContainer: true, container: { prefix, port: service.port }, flavour };
  }

  async #chosenTool(database: Database, use: ToolUse, server: Server): Promise<ResolvedTool> {
    const [program, ...words] = commandWords(database, use.commandKeys);
    const [usualName = ''] = use.names;
    if (isContainerPrefix(prefixWords(database.keys, use.phase))) {
      const flavour = (await server)?.flavour;
      const name = nameInContainer(use, flavour);
      const facts = { name, path: program ?? name, version: '', why: 'in the container' };
      return { facts, words, inContainer: true, flavour: program === undefined ? flavour : undefined };
    }
    const search = searchOf(database);
    const isPath = program !== undefined && (posix.isAbsolute(program) || win32.isAbsolute(program));
    const names = program === undefined || isPath ? use.names : [program];
    const found = await Promise.all(
      names.map((name) => findTools(name, { ...search, configured: isPath ? program : database.tools[name] })),
    );
    if (found.flat().length === 0) {
      const chosen = names.find((name) => program === undefined && database.tools[name] !== undefined);
      throw missingTool(program ?? chosen ?? usualName, { ...search, configured: database.tools[chosen ?? ''] });
    }
    const choice = chooseTool(found.flat(), await server);
    if ('problem' in choice) throw choice.problem;
    const { name, path, version, flavour } = choice.tool;
    const commandKey = use.commandKeys.find((key) => key in database.keys);
    const isChosen = database.tools[name] === path;
    const why = program !== undefined ? `named by ${commandKey ?? ''}` : isChosen ? 'set in dbbackup.tools' : choice.why;
    return { facts: { name, path, version, why }, words, inContainer: false, flavour };
  }

  /** The calls of a tool as the settings want them, every program with its absolute path. Errors: `tool.missing` for a program of PREFIX or SUFFIX. */
  protected async calls(database: Database, use: ToolUse, tool: ResolvedTool, input: CallInput): Promise<readonly ToolCall[]> {
    const { container } = tool;
    const prefix = container === undefined ? {} : { [`${use.phase === 'dump' ? 'DUMP' : 'RESTORE'}_PREFIX`]: container.prefix };
    const keys = { ...database.keys, ...prefix };
    const parts = { phase: use.phase, keys, tool: { path: tool.facts.path, words: tool.words }, ...input };
    const search = searchOf(database);
    return Promise.all(assembleCalls(parts).map(async (call) => ({ ...call, program: await findProgram(call.program, search) })));
  }

  /** Runs the calls to their good end. Errors: what `explainFailure` makes of a bad one; those of `runStages`. */
  protected async runTool(database: Database, calls: readonly ToolCall[], io: StagesIo, run: Run): Promise<StagesEnd> {
    for (const call of calls) run.log('debug', `Running ${[call.program, ...call.args].join(' ')}`);
    const end = await runStages(calls, io, run.signal);
    if (end.isSuccess) return end;
    run.log('error', end.stderr);
    const failed = calls[end.stage]?.program ?? '';
    if (end.stage > 0) throw stageFailure(failed, end);
    throw this.explainFailure(end, win32.basename(failed), database);
  }

  /**
   * Waits for what is decided with the server, and meanwhile looks for the tool that fits it.
   *
   * Shape: nothing is decided where only tools in a container reach the server. Errors: those of `deciding`, else those of `resolveTool`.
   */
  protected async decidedWithTool<Plan extends { readonly facts: ServerFacts }>(
    database: Database,
    use: ToolUse,
    deciding: Promise<Plan>,
  ): Promise<{ readonly plan: Plan | undefined; readonly tool: ResolvedTool }> {
    const planning = deciding.catch((error: unknown) => {
      if (this.isOutOfSight(database, use.phase, error)) return undefined;
      throw error;
    });
    const facts = planning.then((plan) => plan?.facts);
    const finding = this.resolveTool(database, use, facts);
    // The first to fail is told below; the others fail with it.
    for (const promise of [facts, finding]) promise.catch(() => undefined);
    return { plan: await planning, tool: await finding };
  }

  /** A server in a container may be one that only its own tools reach. */
  protected isOutOfSight({ keys }: Database, phase: Phase, error: unknown): boolean {
    const unreachable = ['connection.refused', 'connection.unknownHost', 'connection.timedOut'];
    return error instanceof BackupError && unreachable.includes(error.code) && isContainerPrefix(prefixWords(keys, phase));
  }
}

/** Whether words of the user decide what is in a dump. */
export function isShaped({ keys }: Database, { words }: ResolvedTool): boolean {
  return words.length > 0 || (keys['DUMP_SUFFIX'] ?? '') !== '';
}

/** Why no tool of this machine is used, by the code of the error. */
const lacks: Readonly<Record<string, string>> = {
  'tool.missing': 'none was found on this machine',
  'tool.tooOld': 'those on this machine are too old',
  'tool.wrongFlavour': 'those on this machine are another server’s',
};

/** The name of a tool where it cannot be looked for: an image may have that of its own server only, which begins with the flavour. */
function nameInContainer({ names }: ToolUse, flavour: ServerFacts['flavour']): string {
  return names.find((name) => name.startsWith(flavour ?? '')) ?? names[0] ?? '';
}

/** Whose server an image has, as far as its name says; a description knows no more. */
function flavourOfImage(image: string): ServerFacts['flavour'] {
  return /mariadb/i.test(image) ? 'mariadb' : /mysql|percona/i.test(image) ? 'mysql' : undefined;
}

/** The program that a settings key names, with the words after it. */
function commandWords({ keys }: Database, commandKeys: readonly string[]): string[] {
  for (const key of commandKeys) {
    const value: unknown = keys[key];
    const words =
      typeof value === 'string'
        ? splitWords(value)
        : Array.isArray(value)
          ? value.filter((word) => typeof word === 'string')
          : [];
    if (words.length > 0) return words;
  }
  return [];
}

function searchOf({ folder }: Database): ToolSearch {
  return { path: process.env['PATH'] ?? '', platform: process.platform, workspace: folder };
}

/** A failure of a tool that nothing more is known of, with its own last line. */
export function toolFailure(tool: string, { exitCode, signal, stderr }: StagesEnd): BackupError {
  const how = signal === undefined ? `exit code ${exitCode ?? 'unknown'}` : signal;
  const last = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return new BackupError('tool.failed', `${tool} failed (${how})${last === '' ? '.' : `: ${last}`}`, {
    hint: 'Show the log for all that it said.',
  });
}

function stageFailure(program: string, end: StagesEnd): BackupError {
  return toolFailure(win32.basename(program), end);
}
