import { spawn } from 'node:child_process';
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../scripts/codeServer.ts';
import { createTestDatabase } from './testDatabase.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What an area is given. Units: `sizeMib` is set where `--size` was given. */
export interface Bench {
  readonly site: Site;
  readonly runs: number;
  readonly sizeMib: number | undefined;
}

/** A workspace folder whose one database is `default`, unless its settings say otherwise. */
export interface Workspace {
  readonly folder: string;
  readonly dumps: string;
  /** Paths of the dumps, without their manifests. */
  dumpFiles(): readonly string[];
  removeDumps(): void;
  /** Runs the command line. Errors: what it printed, unless it exits with 0. */
  commandLine(...args: readonly string[]): Promise<void>;
}

/**
 * A temporary folder with all that the benchmarks need.
 *
 * Shape: the product's bundles are copied there, so that a build meanwhile changes nothing; databases are made when first asked for.
 */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), 'dbbackup-bench-'));
  readonly stateDirectory = this.path('state');
  readonly jobProcess = this.path('product', 'dist', 'jobProcess.js');
  readonly #commandLine = this.path('product', 'dist', 'cli.js');
  #workspaces = 0;

  constructor() {
    for (const name of ['dist', 'prebuilds']) cpSync(join(root, name), this.path('product', name), { recursive: true });
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** The path of a database of that size, to be read only: everybody gets the same. */
  database(sizeMib: number, journalMode: 'wal' | 'delete' = 'delete'): string {
    const file = this.path(`${journalMode}-${sizeMib}.sqlite3`);
    if (!existsSync(file)) createTestDatabase(file, sizeMib, journalMode);
    return file;
  }

  /** A copy of such a database, to be written to. */
  copyOf(database: string, name: string): string {
    const copy = this.path(name);
    rmSync(copy, { force: true });
    copyFileSync(database, copy, constants.COPYFILE_FICLONE);
    return copy;
  }

  workspace(keys: Readonly<Record<string, unknown>>, settings: Settings = {}): Workspace {
    this.#workspaces += 1;
    const folder = this.path(`workspace-${this.#workspaces}`);
    const dumps = join(folder, 'backups');
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    const databases = { default: { ENGINE: 'sqlite3', ...keys } };
    const all = { 'dbbackup.databases': databases, 'dbbackup.dumpDirectory': '${workspaceFolder}/backups', ...settings };
    writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(all, undefined, 2));
    return {
      folder,
      dumps,
      dumpFiles: () =>
        readdirSync(dumps)
          .filter((name) => /^[^.].*(?<!\.json)$/.test(name))
          .map((name) => join(dumps, name)),
      removeDumps: () => rmSync(dumps, { recursive: true, force: true }),
      commandLine: (...args) =>
        runTool(process.execPath, [this.#commandLine, '--workspace', folder, ...args], {
          env: { ...process.env, DBBACKUP_STATE: this.stateDirectory },
        }),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Where a tool reads from and writes to, as a shell binds `<` and `>`. Nothing and nowhere by default. */
export interface ToolOptions {
  readonly from?: string;
  readonly into?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. Errors: what it said on stderr, unless it exits with 0. */
export async function runTool(program: string, args: readonly string[], { from, into, env }: ToolOptions = {}): Promise<void> {
  const input = from === undefined ? undefined : openSync(from, 'r');
  const output = into === undefined ? undefined : openSync(into, 'w');
  try {
    const tool = spawn(program, args, {
      stdio: [input ?? 'ignore', output ?? 'ignore', 'pipe'],
      ...(env === undefined ? {} : { env }),
    });
    let said = '';
    tool.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)));
    const code = await new Promise<number | null>((resolve, reject) => {
      tool.once('error', reject);
      tool.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${said}`);
  } finally {
    for (const descriptor of [input, output]) if (descriptor !== undefined) closeSync(descriptor);
  }
}
