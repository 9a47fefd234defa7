import type { Scope } from '../database.ts';
import { nameText } from '../words.ts';
import type { Problem } from './problem.ts';
import type { SettingsLayer } from './settings.ts';
import type { Variables } from './variables.ts';
import { expandVariables } from './variables.ts';

/** The two settings that hold an object per alias. */
export type AliasSetting = 'databases' | 'connectors';

/**
 * What one place says about one alias, variables expanded.
 *
 * Shape: `keys` in settings order; `problems` are those found so far, and `broken` names the keys that have an error, so that nobody
 * reports them again. `hasShape` is false where the alias holds no object.
 */
export interface Entry {
  readonly setting: AliasSetting;
  readonly scope: Scope;
  readonly alias: string;
  readonly keys: ReadonlyMap<string, unknown>;
  readonly broken: Set<string>;
  readonly problems: readonly Problem[];
  readonly hasShape: boolean;
}

/** A problem's part that does not depend on where it is. `within` is the path inside the key's value. */
export interface Mistake
  extends Pick<Problem, 'code' | 'message' | 'hint'>, Partial<Pick<Problem, 'at' | 'severity' | 'isInSchema' | 'fix'>> {
  readonly within?: readonly (string | number)[];
}

/** The problem of a mistake at a key of an entry, or at the alias itself. An error at a key marks the key as broken. */
export function problemAt(entry: Entry, key: string | undefined, mistake: Mistake): Problem {
  const { within = [], at = 'value', severity = 'error', isInSchema = false, ...rest } = mistake;
  if (key !== undefined && severity === 'error') entry.broken.add(key);
  const path = [`dbbackup.${entry.setting}`, entry.alias, ...(key === undefined ? [] : [key]), ...within];
  return { path, at: key === undefined ? 'key' : at, scope: entry.scope, severity, isInSchema, ...rest };
}

/**
 * The entries of every alias, each whole from the narrowest layer that has it, in settings order.
 *
 * Shape: `problems` are those of whole layers; an entry carries its own.
 */
export function collectEntries(
  layers: readonly SettingsLayer[],
  setting: AliasSetting,
  variables: Variables,
): { readonly entries: ReadonlyMap<string, Entry>; readonly problems: readonly Problem[] } {
  const entries = new Map<string, Entry>();
  const problems: Problem[] = [];
  for (const layer of layers) {
    const aliases = layer[setting];
    if (aliases === undefined) continue;
    if (!isObject(aliases)) {
      problems.push(shapeProblem([`dbbackup.${setting}`], layer.scope, `dbbackup.${setting} must be an object of aliases.`));
      continue;
    }
    for (const [alias, value] of Object.entries(aliases)) {
      if (!entries.has(alias)) entries.set(alias, readEntry({ setting, scope: layer.scope, alias }, value, variables));
    }
  }
  return { entries, problems };
}

function readEntry(place: Pick<Entry, 'setting' | 'scope' | 'alias'>, value: unknown, variables: Variables): Entry {
  const empty: Entry = { ...place, keys: new Map(), broken: new Set(), problems: [], hasShape: false };
  if (place.alias.trim() === '') return { ...empty, problems: [problemAt(empty, undefined, emptyAlias)] };
  if (isObject(value)) return expandEntry({ ...empty, keys: new Map(Object.entries(value)), hasShape: true }, variables);
  const message = `The database ${nameText(place.alias)} must be an object of keys.`;
  return { ...empty, problems: [shapeProblem([`dbbackup.${place.setting}`, place.alias], place.scope, message)] };
}

const emptyAlias: Mistake = {
  code: 'settings.wrongValue',
  message: 'A database has an empty alias.',
  hint: 'Give it a name, such as default.',
};

function shapeProblem(path: readonly string[], scope: Scope, message: string): Problem {
  const hint = 'Write it as in { "default": { "ENGINE": "sqlite3", "NAME": "db.sqlite3" } }.';
  return { path, at: 'value', scope, severity: 'error', code: 'settings.wrongType', message, hint, isInSchema: true };
}

/** A password may hold what looks like a variable. */
const literalKeys: ReadonlySet<string> = new Set(['PASSWORD', 'ADMIN_PASSWORD']);

function expandEntry(entry: Entry, variables: Variables): Entry {
  const problems: Problem[] = [];
  const keys = new Map<string, unknown>();
  for (const [key, raw] of entry.keys) {
    const { value, mistakes } = expandVariables(raw, variables);
    keys.set(key, value);
    for (const { path, variable, isKnown } of mistakes) {
      if (isKnown || !literalKeys.has(key))
        problems.push(problemAt(entry, key, { ...variableMistake(variable, isKnown), within: path }));
    }
  }
  return { ...entry, keys, problems };
}

/** The mistake of a variable without a value. */
export function variableMistake(variable: string, isKnown: boolean): Mistake {
  const shown = nameText(variable);
  if (!isKnown) {
    const hint = 'Known are ${workspaceFolder}, ${workspaceFolder:name}, ${userHome} and ${env:NAME}.';
    return { code: 'settings.variableUnknown', message: `${shown} is no variable of these settings.`, hint };
  }
  if (!variable.startsWith('${env:')) {
    return {
      code: 'settings.variableUnset',
      message: `The workspace has no folder for ${shown}.`,
      hint: 'Use the name of a folder of this workspace.',
    };
  }
  const hint = 'Set it where VS Code or the command line is started, or write the value.';
  return { code: 'settings.variableUnset', message: `The environment variable of ${shown} is not set.`, hint };
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
