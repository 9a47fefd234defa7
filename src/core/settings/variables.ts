import type { NamedFolder } from './settings.ts';

/** What variables stand for. */
export interface Variables {
  readonly folder: string;
  readonly folders: readonly NamedFolder[];
  readonly userHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A variable without a value, and where in the settings it stands. `isKnown` is false for a name that we do not expand at all. */
export interface VariableMistake {
  readonly path: readonly (string | number)[];
  readonly variable: string;
  readonly isKnown: boolean;
}

/** No key is nested so deeply; a hostile file may be, to exhaust the stack. */
const deepest = 50;

/**
 * Replaces the variables in every text of a value, however deep.
 *
 * Shape: `${workspaceFolder}`, `${workspaceFolder:name}`, `${userHome}`, `${env:NAME}`. Each mistake is named by its path from the value on;
 * a text with a mistake is left as it was. What a variable stands for is not expanded again. Keys of objects are not expanded.
 */
export function expandVariables(
  value: unknown,
  variables: Variables,
): { readonly value: unknown; readonly mistakes: readonly VariableMistake[] } {
  const mistakes: VariableMistake[] = [];
  const expand = (part: unknown, path: readonly (string | number)[]): unknown => {
    if (path.length > deepest) return part;
    if (typeof part === 'string') {
      const expanded = expandText(part, variables);
      if (typeof expanded === 'string') return expanded;
      mistakes.push({ path, ...expanded });
      return part;
    }
    if (Array.isArray(part)) return part.map((item: unknown, index) => expand(item, [...path, index]));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, expand(item, [...path, key])]));
  };
  return { value: expand(value, []), mistakes };
}

function expandText(text: string, variables: Variables): string | Omit<VariableMistake, 'path'> {
  let mistake: Omit<VariableMistake, 'path'> | undefined;
  const expanded = text.replaceAll(/\$\{([A-Za-z]+)(?::([^{}]*))?\}/g, (whole, name: string, argument: string | undefined) => {
    const known = isVariable(name, argument);
    const value = known ? valueOf(name, argument, variables) : undefined;
    if (value === undefined) mistake ??= { variable: whole, isKnown: known };
    return value ?? whole;
  });
  return mistake ?? expanded;
}

function isVariable(name: string, argument: string | undefined): boolean {
  if (name === 'workspaceFolder') return true;
  return argument === undefined ? name === 'userHome' : name === 'env';
}

function valueOf(name: string, argument: string | undefined, { folder, folders, userHome, env }: Variables): string | undefined {
  if (name === 'userHome') return userHome;
  if (name === 'workspaceFolder') return argument === undefined ? folder : folders.find((other) => other.name === argument)?.path;
  return argument === undefined || !Object.hasOwn(env, argument) ? undefined : env[argument];
}
