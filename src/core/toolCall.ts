import { posix, win32 } from 'node:path';
import { isSecretName } from './redact.ts';
import { splitStages, splitWords } from './shellWords.ts';

/**
 * A call of an external tool as a value, before it runs.
 *
 * Shape: `program` is absolute once it has been looked up. `env` holds only what is set on top of the inherited environment, and is the whole
 * environment where `inheritEnv` is false; names in `secrets` are never shown. Inherited variables whose names begin with `withoutParent` are left out.
 */
export interface ToolCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly inheritEnv: boolean;
  readonly withoutParent?: string | undefined;
}

export type Phase = 'dump' | 'restore';

/** What a call is made of: the settings' keys, the tool with the words that follow it in DUMP_CMD, and what the connector adds. */
export interface CallParts {
  readonly phase: Phase;
  readonly keys: Readonly<Record<string, unknown>>;
  readonly tool: { readonly path: string; readonly words: readonly string[] };
  /** What must stand right behind the program, before the words of its settings key. */
  readonly first?: readonly string[];
  readonly args: readonly string[];
  /** What must stand behind the words of SUFFIX: a file, a database's name. */
  readonly operands?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of the connector's variables that are secret. */
  readonly secrets: readonly string[];
  /** Names of the connector's variables that hold paths of this machine, which mean nothing in a container. */
  readonly localFiles?: readonly string[];
  readonly withoutParent?: string | undefined;
}

/**
 * The calls of a tool and of the stages that its output runs through: `PREFIX program first CMD-words arguments SUFFIX-words operands`, then one for each `|`.
 *
 * Shape: variables, low to high: inherited, the connector's own, ENV, DUMP_ENV or RESTORE_ENV. Stages get the user's variables, not the connector's.
 * Into a container, values travel in the environment of its client, and only their names in its arguments.
 */
export function assembleCalls({
  phase,
  keys,
  tool,
  first = [],
  args,
  operands = [],
  env,
  secrets,
  localFiles = [],
  withoutParent,
}: CallParts): readonly ToolCall[] {
  const prefix = prefixWords(keys, phase);
  const suffix = splitStages(textOf(keys, `${phase === 'dump' ? 'DUMP' : 'RESTORE'}_SUFFIX`));
  const userEnv = { ...textsOf(keys['ENV']), ...textsOf(keys[phase === 'dump' ? 'DUMP_ENV' : 'RESTORE_ENV']) };
  const isInContainer = isContainerPrefix(prefix);
  const toolEnv = { ...(isInContainer ? without(env, localFiles) : env), ...userEnv };
  const before = isInContainer ? intoContainer(prefix, toolEnv) : prefix;
  const [program = tool.path, ...rest] = [...before, tool.path, ...first, ...tool.words, ...args, ...suffix.words, ...operands];
  // A container gets only what is named to it, and its client may need the others for its compose file.
  const common = { inheritEnv: keys['USE_PARENT_ENV'] !== false, withoutParent: isInContainer ? undefined : withoutParent };
  const secretNames = (variables: object): string[] => Object.keys(variables).filter(isSecretName);
  return [
    { program, args: rest, env: toolEnv, secrets: [...new Set([...secrets, ...secretNames(toolEnv)])], ...common },
    ...suffix.stages.map(([stage = '', ...words]) => ({
      program: stage,
      args: words,
      env: userEnv,
      secrets: secretNames(userEnv),
      ...common,
    })),
  ];
}

/** The words of DUMP_PREFIX or RESTORE_PREFIX. */
export function prefixWords(keys: Readonly<Record<string, unknown>>, phase: Phase): string[] {
  return splitWords(textOf(keys, phase === 'dump' ? 'DUMP_PREFIX' : 'RESTORE_PREFIX'));
}

const clients: ReadonlySet<string> = new Set(['docker', 'docker-compose', 'podman', 'podman-compose', 'nerdctl']);

/** True for words that run a program in a container: `docker exec db`, `docker compose -f x.yml exec -T db`, `podman exec db`. */
export function isContainerPrefix(words: readonly string[]): boolean {
  return execIndex(words) !== undefined;
}

function execIndex(words: readonly string[]): number | undefined {
  const client = words.findIndex((word) => clients.has(nameOf(word)));
  const index = client < 0 ? -1 : words.indexOf('exec', client + 1);
  return index < 0 ? undefined : index;
}

function nameOf(word: string): string {
  return posix.basename(win32.basename(word)).replace(/\.exe$/i, '');
}

/** Variables of the client itself, which would be wrong in the container. */
const clientVariable = /^(DOCKER_|COMPOSE_|CONTAINER_|PATH$|HOME$)/;

function intoContainer(prefix: readonly string[], env: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(env).filter((name) => !clientVariable.test(name));
  const at = (execIndex(prefix) ?? -1) + 1;
  return [...prefix.slice(0, at), ...names.flatMap((name) => ['-e', name]), ...prefix.slice(at)];
}

function without(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

function textOf(keys: Readonly<Record<string, unknown>>, key: string): string {
  const value = keys[key];
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}
