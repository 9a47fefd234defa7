import { isAbsolute, relative, resolve, sep } from 'node:path';
import { dateFormatProblem } from '../dateFormat.ts';
import { templateProblem } from '../dumpName.ts';
import { findConnector, isModuleConnector } from '../engines.ts';
import type { DumpSettings } from '../job.ts';
import { unknownConnector } from './connectorChoice.ts';
import { isObject, variableMistake } from './entry.ts';
import type { Mistake } from './entry.ts';
import type { Problem } from './problem.ts';
import { simpleSettings } from './schema.ts';
import type { SettingsInput, ValueName } from './settings.ts';
import { valueNames } from './settings.ts';
import { expectation, typeMistakes } from './valueTypes.ts';
import { expandVariables } from './variables.ts';

/** The simple settings, each with its default in the place of a wrong value. */
export interface ParsedValues {
  readonly dumps: DumpSettings;
  readonly mapping: ReadonlyMap<string, string>;
  readonly tools: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** Parses every setting but `databases` and `connectors`. */
export function parseValues(input: SettingsInput): ParsedValues {
  const parsed = new Map(valueNames.map((name) => [name, parseValue(name, input)]));
  const value = (name: ValueName): unknown => {
    const { value: given, problems } = parsed.get(name) ?? { value: undefined, problems: [] };
    const isUsed = given !== undefined && (problems.length === 0 || name === 'connectorMapping');
    return isUsed ? given : expandVariables(simpleSettings[name].default, input).value;
  };
  const text = (name: ValueName): string => String(value(name));
  const compression = value('compression');
  return {
    dumps: {
      folder: input.folder,
      directory: resolve(input.folder, text('dumpDirectory')),
      filenameTemplate: text('filenameTemplate'),
      dateFormat: text('dateFormat'),
      hostname: text('hostname') === '' ? input.machineName : text('hostname'),
      compression: compression === 'gzip' || compression === 'zstd' ? compression : 'none',
      verification: value('verification') === 'full' ? 'full' : 'quick',
      cleanupKeep: Number(value('cleanupKeep')),
      safetyBackup: value('safetyBackup') === true,
    },
    mapping: textsOf(value('connectorMapping')),
    tools: Object.fromEntries(textsOf(value('tools'))),
    problems: [...parsed.values()].flatMap(({ problems }) => problems),
  };
}

/** The value of one setting, undefined where it is not set, and all that is wrong with it. */
function parseValue(name: ValueName, input: SettingsInput): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const given = input.values[name];
  if (given === undefined) return { value: undefined, problems: [] };
  const { type } = simpleSettings[name];
  const wrongTypes = typeMistakes(type, given.value).map(({ path }): Mistake => ({
    code: 'settings.wrongType',
    message: `dbbackup.${name} must be ${expectation(type)}.`,
    hint: 'Change the value, or remove the setting.',
    within: path,
    isInSchema: true,
  }));
  const { value, mistakes } = expandVariables(given.value, input);
  const wrongVariables = mistakes.map(({ path, variable, isKnown }) => ({ ...variableMistake(variable, isKnown), within: path }));
  const wrong = [...wrongTypes, ...wrongVariables];
  const found = wrong.length > 0 ? wrong : (checks[name]?.(value, input) ?? []);
  const problems = found.map(({ within = [], at = 'value', severity = 'error', isInSchema = false, ...rest }): Problem => {
    return { path: [`dbbackup.${name}`, ...within], at, scope: given.scope, severity, isInSchema, ...rest };
  });
  return { value, problems };
}

/** What only rules of our own find, in values whose types are right. */
const checks: Readonly<Partial<Record<ValueName, (value: unknown, input: SettingsInput) => readonly Mistake[]>>> = {
  dumpDirectory: (value, input) => wrongDirectory(String(value), input),
  filenameTemplate: (value) => sentence(templateProblem(String(value)), 'Use the tokens that the setting’s description names.'),
  dateFormat: (value) => sentence(dateFormatProblem(String(value)), 'Use tokens such as %Y, %m, %d, %H, %M and %S.'),
  compression: (value, { hasZstd }) => (value === 'zstd' && !hasZstd ? [zstdMissing] : []),
  connectorMapping: (value) => wrongMapping(textsOf(value)),
  tools: (value) => wrongTools(textsOf(value)),
};

function sentence(message: string | undefined, hint: string): readonly Mistake[] {
  return message === undefined ? [] : [{ code: 'settings.wrongValue', message, hint }];
}

const zstdMissing: Mistake = {
  code: 'settings.zstdMissing',
  message: 'Compression with zstd needs Node 22.15 or later.',
  hint: 'Use gzip, or update VS Code.',
  fix: { kind: 'replaceValue', title: 'Change to gzip', value: 'gzip' },
};

function wrongDirectory(value: string, { folder, folders, values }: SettingsInput): readonly Mistake[] {
  if (value.trim() === '') return sentence('dbbackup.dumpDirectory is empty.', 'Name a directory, or remove the setting.');
  const directory = resolve(folder, value);
  if (folders.some(({ path }) => relative(path, directory) === '')) {
    return sentence(
      'dbbackup.dumpDirectory can’t be a workspace folder itself.',
      'Name a directory in it, such as ${workspaceFolder}/backups.',
    );
  }
  const scope = values.dumpDirectory?.scope;
  if (scope === 'user' || scope === 'file' || folders.some(({ path }) => isInside(path, directory))) return [];
  return [
    {
      code: 'settings.outsideWorkspace',
      message: 'dbbackup.dumpDirectory lies outside the workspace.',
      hint: 'Name a directory in the workspace, or set it in user settings.',
    },
  ];
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function wrongMapping(mapping: ReadonlyMap<string, string>): readonly Mistake[] {
  return [...mapping]
    .filter(([, connector]) => findConnector(connector) === undefined && !isModuleConnector(connector))
    .map(([engine, connector]) => ({ ...unknownConnector(connector), within: [engine] }));
}

function wrongTools(tools: ReadonlyMap<string, string>): readonly Mistake[] {
  return [...tools]
    .filter(([, path]) => !isAbsolute(path))
    .map(([tool]) => ({
      code: 'settings.wrongValue',
      message: 'The path of a tool must be absolute.',
      hint: 'Write the whole path; ${userHome} stands for your home directory.',
      within: [tool],
    }));
}

function textsOf(value: unknown): ReadonlyMap<string, string> {
  if (!isObject(value)) return new Map();
  return new Map(Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : [])));
}
