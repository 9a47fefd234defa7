import { createHmac } from 'node:crypto';
import type { Database, Scope } from './database.ts';
import { isModuleConnector } from './engines.ts';
import type { DescribedDatabase } from './job.ts';
import { isSecretName } from './redact.ts';
import { visibleText } from './words.ts';

/** Keys that decide which programs run, with which words and in which environment. */
const executionKeys: ReadonlySet<string> = new Set([
  'DUMP_CMD',
  'RESTORE_CMD',
  'PSQL_CMD',
  'DUMP_PREFIX',
  'RESTORE_PREFIX',
  'DUMP_SUFFIX',
  'RESTORE_SUFFIX',
  'ENV',
  'DUMP_ENV',
  'RESTORE_ENV',
  'PG_OPTIONS',
]);

const scopeTexts: Readonly<Record<Scope, string>> = {
  folder: 'settings of the folder',
  workspace: 'workspace file',
  user: 'your user settings',
  file: 'settings file',
};

/** A line of a plan fits an editor beside the side bar. */
const columns = 80;

/** A key as a plan shows it: its value in words, secrets masked, and where it comes from. */
export interface PlanPart {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

/** True where a key of a database was set by the folder or the workspace file, so by whoever wrote the repository. */
export function isSetByWorkspace({ keyScopes }: Pick<Database, 'keyScopes'>, key: string): boolean {
  const scope = keyScopes?.[key];
  return scope === 'folder' || scope === 'workspace';
}

/** What the workspace itself adds to what is started for a database. Nothing to approve when it is empty. */
export function workspaceParts(database: Database): readonly PlanPart[] {
  const parts = workspaceEntries(database).map(([key, value]) => partOf(database, key, value));
  // A module is code of the workspace, whoever names it.
  const module = { key: 'CONNECTOR', value: lineText(database.connector), source: 'code in the workspace' };
  return isModuleConnector(database.connector) ? [module, ...parts] : parts;
}

function workspaceEntries(database: Database): readonly (readonly [string, unknown])[] {
  return Object.entries(database.keys).filter(
    ([key, value]) => executionKeys.has(key) && isSetByWorkspace(database, key) && !isEmpty(value),
  );
}

/** Names of Docker's compose files, in the order in which it looks for them. */
export const composeFileNames = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const;

/** Tools that would run in a container of the workspace, though no key says so. */
export function containerParts(description: DescribedDatabase | undefined): readonly PlanPart[] {
  return (description?.tools ?? []).flatMap(({ name, container }) =>
    container === undefined ? [] : [{ key: name, value: lineText(`in the container of ${container}`), source: 'compose file' }],
  );
}

/** The effective plan of a database, for a read-only document: what runs in both phases, and where each part comes from. */
export function planText(database: Database, description: DescribedDatabase | undefined): string {
  const all = Object.entries(database.keys).map(([key, value]) => partOf(database, key, value));
  return [
    `What is started for ${lineText(database.alias)}`,
    '',
    'Set by this workspace',
    ...partLines([...workspaceParts(database), ...containerParts(description)]),
    '',
    'To back up',
    ...callLines(description, 'dump'),
    '',
    'To restore',
    ...callLines(description, 'restore'),
    '',
    'Where everything comes from',
    ...partLines(all),
    '',
  ]
    .flatMap(wrapped)
    .join('\n');
}

/**
 * What an approval is remembered by: any other text is another plan, and so is any other value that the text masks in what the workspace sets.
 *
 * Shape: an HMAC under a key that only this user can read, because anybody could try out secrets against a plain hash. What starts nothing
 * is as the text shows it: a changed PASSWORD is the same plan.
 */
export function planHash(key: Uint8Array, database: Database, text: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify(['plan', text, workspaceEntries(database)]))
    .digest('hex');
}

function partOf(database: Database, key: string, value: unknown): PlanPart {
  const scope = database.keyScopes?.[key] ?? database.scope;
  return { key, value: lineText(valueText(key, value)), source: scopeTexts[scope] };
}

function partLines(parts: readonly PlanPart[]): string[] {
  return parts.map(({ key, value, source }) => `  ${key} = ${value}    (${source})`);
}

function callLines(description: DescribedDatabase | undefined, phase: 'dump' | 'restore'): string[] {
  if (description === undefined) return ['  what the code in the workspace starts'];
  const problem = description.problems.find(({ severity }) => severity === 'error');
  if (problem !== undefined) return [`  not known: ${lineText(problem.message)}`];
  if (description[phase].length === 0) return ['  nothing but this extension'];
  return description[phase].flatMap(({ program, args, env }) => [
    `  ${lineText([program, ...args].map(quoted).join(' '))}`,
    ...Object.entries(env).map(([name, value]) => `    ${lineText(`${name}=${value}`)}`),
  ]);
}

/** A text that cannot pass for several lines of a plan. */
function lineText(text: string): string {
  return visibleText(text).replaceAll('\n', String.raw`\n`);
}

/** Breaks a line where a space is, so that nobody allows what stands beyond the edge of the editor. */
function wrapped(line: string): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const before = rest.lastIndexOf(' ', columns);
    const at = before > indent.length + 4 ? before : rest.indexOf(' ', columns);
    if (at < 0) break;
    lines.push(rest.slice(0, at));
    rest = `${indent}    ${rest.slice(at + 1)}`;
  }
  return [...lines, rest];
}

/** Words as a shell would need them, so that one word is never mistaken for two. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
}

function valueText(key: string, value: unknown): string {
  if (value !== null && isSecretName(key)) return '***';
  return withoutCredentials(typeof value === 'string' ? value : JSON.stringify(value, maskSecrets));
}

function maskSecrets(name: string, value: unknown): unknown {
  return typeof value === 'string' && isSecretName(name) ? '***' : value;
}

function withoutCredentials(text: string): string {
  return text.replaceAll(/(:\/\/[^/?#:@\s]*):[^/?#\s]*@/g, '$1:***@');
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
