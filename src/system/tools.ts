import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, readdir, realpath } from 'node:fs/promises';
import { posix, win32 } from 'node:path';
import { promisify } from 'node:util';
import { BackupError } from '../core/errors.ts';
import { orElse } from '../core/words.ts';

/** A tool that answers. `flavour` tells MariaDB's from MySQL's. */
export interface FoundTool {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  readonly major: number;
  readonly flavour?: 'mysql' | 'mariadb' | undefined;
}

/**
 * Where tools are looked for.
 *
 * Shape: `configured` is a path that was chosen by hand, and then the only one; `path` is the PATH of the environment;
 * entries that are relative, or lie in `workspace`, are not looked at.
 */
export interface ToolSearch {
  readonly configured?: string | undefined;
  readonly path: string;
  readonly platform: NodeJS.Platform;
  readonly workspace?: string | undefined;
}

export interface ServerFacts {
  readonly major: number;
  readonly flavour?: 'mysql' | 'mariadb' | undefined;
}

/** Either a tool, with why it was chosen in one sentence, or why there is none. */
export type ToolChoice = { readonly tool: FoundTool; readonly why: string } | { readonly problem: BackupError };

/** Every installed tool of a name, those on PATH first. A tool that does not say its version counts as absent. */
export async function findTools(name: string, search: ToolSearch): Promise<readonly FoundTool[]> {
  if (search.configured !== undefined) return asked(name, [search.configured]);
  const folders = [...pathFolders(search), ...(await usualFolders(search.platform))];
  const suffix = search.platform === 'win32' ? '.exe' : '';
  const candidates = folders.map((folder) => pathOf(search.platform).join(folder, name + suffix));
  const real = new Map<string, string>();
  for (const candidate of candidates) {
    const target = await realpath(candidate).catch(() => undefined);
    if (target !== undefined && !real.has(target) && (await isExecutable(candidate))) real.set(target, candidate);
  }
  // Debian's wrapper chooses a version by its own rules, and by the clusters of this machine.
  const wrapper = [...real.keys()].find((target) => target.endsWith('/pg_wrapper'));
  const found = await asked(
    name,
    [...real].flatMap(([target, path]) => (target === wrapper ? [] : [path])),
  );
  const behind = wrapper === undefined ? undefined : real.get(wrapper);
  return found.length > 0 || behind === undefined ? found : asked(name, [behind]);
}

/** A program's absolute path, looked up on PATH as tools are. Errors: `tool.missing`. */
export async function findProgram(name: string, search: ToolSearch): Promise<string> {
  const { isAbsolute, join } = pathOf(search.platform);
  if (isAbsolute(name)) return name;
  const suffixes = search.platform === 'win32' ? ['', '.exe', '.cmd'] : [''];
  if (!/[\\/]/.test(name)) {
    for (const folder of pathFolders(search)) {
      for (const suffix of suffixes) {
        const candidate = join(folder, name + suffix);
        if (await isExecutable(candidate)) return candidate;
      }
    }
  }
  throw missingTool(name, search);
}

/** Of the tools found, the one that fits the server: its own major version, else the next newer one, never an older; its flavour first. */
export function chooseTool(found: readonly FoundTool[], server?: ServerFacts): ToolChoice {
  const [first] = found;
  if (first === undefined) throw new Error('chooseTool needs tools to choose from.');
  const newestFirst = found.toSorted((a, b) => compareVersions(b.version, a.version));
  const newest = newestFirst[0] ?? first;
  if (server === undefined) return { tool: newest, why: found.length === 1 ? 'the only one found' : 'the newest one found' };
  const ofFlavour = newestFirst.filter(({ flavour }) => server.flavour === undefined || flavour === server.flavour);
  if (ofFlavour.length === 0) return { problem: wrongFlavour(newest, server) };
  const same = ofFlavour.find(({ major }) => major === server.major);
  if (same !== undefined) return { tool: same, why: `the version of the server, ${server.major}` };
  const newer = ofFlavour.findLast(({ major }) => major > server.major);
  if (newer !== undefined) return { tool: newer, why: `newer than the server, ${server.major}` };
  const [older = newest] = ofFlavour;
  const oldest = oldestFor(server);
  if (older.major < oldest) return { problem: tooOld(older, server, oldest) };
  return { tool: older, why: 'the newest one found' };
}

/**
 * The major version of the oldest tool that knows what a server may hold.
 *
 * Shape: those of MySQL and MariaDB work across versions, but for the ones before a leap: MySQL's numbers went from 5 to 8, MariaDB's from 5 to 10.
 */
function oldestFor({ major, flavour }: ServerFacts): number {
  return flavour === undefined ? major : Math.min(major, flavour === 'mysql' ? 8 : 10);
}

/** Says which tool is missing, where it was looked for and what to install. */
export function missingTool(
  name: string,
  { configured, path, platform }: Pick<ToolSearch, 'configured' | 'path' | 'platform'>,
): BackupError {
  if (configured !== undefined) {
    return new BackupError('tool.missing', `There is no working ${name} at ${configured}, which dbbackup.tools names.`, {
      hint: `Correct its path there, or remove it to have ${name} found by itself.`,
    });
  }
  return new BackupError('tool.missing', `The program ${name} was not found (PATH: ${path === '' ? 'empty' : path}).`, {
    hint: orElse(installHint(name, platform), 'set its path in dbbackup.tools'),
  });
}

function tooOld({ name, version, path }: FoundTool, { major }: ServerFacts, oldest: number): BackupError {
  return new BackupError('tool.tooOld', `${name} ${version} (${path}) is too old for the server, which is ${major}.`, {
    hint: `Install ${name} ${oldest} or later, or set its path in dbbackup.tools.`,
  });
}

function wrongFlavour({ name, path }: FoundTool, { flavour }: ServerFacts): BackupError {
  const of = flavour === 'mariadb' ? 'MariaDB' : 'MySQL';
  return new BackupError('tool.wrongFlavour', `${name} (${path}) is not ${of}'s, but the server is.`, {
    hint: `Install the client programs of ${of}, or set their paths in dbbackup.tools.`,
  });
}

function installHint(name: string, platform: NodeJS.Platform): string {
  const [debian, brew] = packageOf(name);
  if (debian === undefined || brew === undefined) return `Install ${name}.`;
  if (platform === 'darwin') return `Install it (brew install ${brew}).`;
  if (platform === 'win32') return `Install the command line tools of the server that ${name} belongs to.`;
  return `Install the package ${debian} (Debian, Ubuntu) or its like.`;
}

function packageOf(name: string): readonly string[] {
  if (/^(pg_dump|pg_restore|psql)$/.test(name)) return ['postgresql-client', 'libpq'];
  if (/^mariadb/.test(name)) return ['mariadb-client', 'mariadb'];
  if (/^mysql/.test(name)) return ['default-mysql-client', 'mysql-client'];
  if (/^mongo/.test(name)) return ['mongodb-database-tools', 'mongodb-database-tools'];
  return [];
}

function pathFolders({ path, platform, workspace }: ToolSearch): string[] {
  const { isAbsolute, relative } = pathOf(platform);
  const isOutside = (folder: string): boolean => {
    const way = workspace === undefined ? '..' : relative(workspace, folder);
    return way.startsWith('..') || isAbsolute(way);
  };
  return path.split(platform === 'win32' ? ';' : ':').filter((folder) => isAbsolute(folder) && isOutside(folder));
}

/** Where packages put tools that they leave off PATH: `parent/<any>/tail`. */
const usual: Readonly<Partial<Record<NodeJS.Platform, readonly (readonly [string, RegExp, string])[]>>> = {
  linux: [
    ['/usr/lib/postgresql', /^\d+$/, 'bin'],
    ['/usr', /^pgsql-\d+$/, 'bin'],
  ],
  darwin: [
    ['/opt/homebrew/opt', /^(postgresql|libpq|mysql|mariadb|mongodb)/, 'bin'],
    ['/usr/local/opt', /^(postgresql|libpq|mysql|mariadb|mongodb)/, 'bin'],
    ['/Applications/Postgres.app/Contents/Versions', /^(\d+|latest)$/, 'bin'],
  ],
  win32: [
    ['C:\\Program Files\\PostgreSQL', /^\d+$/, 'bin'],
    ['C:\\Program Files\\MySQL', /^MySQL Server/, 'bin'],
    ['C:\\Program Files', /^MariaDB/, 'bin'],
    ['C:\\Program Files\\MongoDB\\Tools', /^\d+$/, 'bin'],
  ],
};

async function usualFolders(platform: NodeJS.Platform): Promise<readonly string[]> {
  const { join } = pathOf(platform);
  const folders = (usual[platform] ?? []).map(async ([parent, pattern, tail]) =>
    (await readdir(parent).catch(() => [])).filter((name) => pattern.test(name)).map((name) => join(parent, name, tail)),
  );
  return (await Promise.all(folders)).flat();
}

async function asked(name: string, paths: readonly string[]): Promise<readonly FoundTool[]> {
  const answers = await Promise.all(paths.map((path) => askVersion(name, path)));
  return answers.filter((answer) => answer !== undefined);
}

async function askVersion(name: string, path: string): Promise<FoundTool | undefined> {
  const asking = promisify(execFile)(path, ['--version'], { timeout: 10_000, killSignal: 'SIGKILL', maxBuffer: 65_536 });
  // Whoever reads its standard input is not waited for.
  asking.child.stdin?.on('error', () => undefined).end();
  const version = await asking.then(
    ({ stdout }) => parseVersion(stdout),
    () => undefined,
  );
  return version === undefined ? undefined : { name, path, ...version };
}

/** Reads what tools say: `pg_dump (PostgreSQL) 15.18 (Debian …)`, `mysqldump  Ver 10.19 Distrib 10.11.6-MariaDB, …`, `mariadb-dump from 11.4.2-MariaDB, …`. */
export function parseVersion(text: string): Omit<FoundTool, 'name' | 'path'> | undefined {
  const mariadb = /(\d+\.\d+\.\d+)-MariaDB/i.exec(text)?.[1];
  const version =
    mariadb ?? /(?:Distrib |Ver |version:? )v?(\d+(?:\.\d+)*)/i.exec(text)?.[1] ?? /(\d+(?:\.\d+)*)/.exec(text)?.[1];
  if (version === undefined) return undefined;
  const flavour = mariadb !== undefined ? 'mariadb' : /mysql/i.test(text) ? 'mysql' : undefined;
  return { version, major: Number(version.split('.')[0]), flavour };
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function pathOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}
