import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { packageExtension } from '../../scripts/package.ts';
import { createSampleWorkspace, type ShopSize } from '../../scripts/sample.ts';
import { Window, type WindowOptions } from '../helpers/window.ts';

const commandLine = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

let packaged: Promise<string> | undefined;

/** A window with the packaged extension and a workspace of its own. */
export interface OpenedWorkspace {
  readonly window: Window;
  /** Absolute path of the workspace folder. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Opens the sample shop, a few thousand rows unless `size` says otherwise, with the view *Databases* in sight. */
export async function openShop(options: Partial<WindowOptions> & { readonly size?: ShopSize } = {}): Promise<OpenedWorkspace> {
  return openWorkspace((folder) => void createSampleWorkspace(folder, options.size ?? { orders: 2000 }), options);
}

/** What to open: `opensFile` names a workspace file that `fill` has written, `opensFolder: false` is an empty window. */
export type OpenOptions = Partial<WindowOptions> & { readonly opensFolder?: boolean; readonly opensFile?: string };

/** Opens a folder that `fill` has put files into, with the view *Databases* in sight. `state` is the window's state directory. */
export async function openWorkspace(
  fill: (folder: string, state: string) => void,
  { opensFolder = true, opensFile = '', ...options }: OpenOptions = {},
): Promise<OpenedWorkspace> {
  const parent = mkdtempSync(join(tmpdir(), 'dbbackup-ui-'));
  const folder = join(parent, 'shop');
  const state = join(parent, 'state');
  mkdirSync(folder);
  fill(folder, state);
  packaged ??= packageExtension();
  const window = await Window.open({
    ...(opensFolder ? { workspace: join(folder, opensFile) } : {}),
    environment: { DBBACKUP_STATE: state },
    ...options,
    packages: [await packaged],
  });
  window.page.setDefaultTimeout(60_000);
  const close = async (): Promise<void> => {
    await window.close();
    rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await window.showContainer('Database Backup');
  } catch (error) {
    await window.picture('failed-to-open');
    await close();
    throw error;
  }
  return { window, folder, close };
}

/** Writes `dbbackup.databases` into the settings of a folder. */
export function writeDatabases(folder: string, databases: object): void {
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify({ 'dbbackup.databases': databases }, undefined, 2));
}

/** Presses a button of a row once no job is running: a row that is being drawn anew gives the button nothing to work on. */
export async function act(window: Window, row: RegExp, action: string): Promise<void> {
  await window.row(/job running/).waitFor({ state: 'detached' });
  await window.rowAction(row, action);
}

/** The settings of a database on a server, each of them asked for by Add Database. */
export interface ServerKeys {
  readonly ENGINE: string;
  readonly HOST: string;
  readonly PORT: number;
  readonly NAME: string;
  readonly USER: string;
  readonly PASSWORD: string;
}

/** Answers the questions of Add Database, until the connection is tested. `choice` is the engine as it is picked. */
export async function addServer(
  window: Window,
  { choice, alias, keys }: { readonly choice: string; readonly alias: string; readonly keys: ServerKeys },
): Promise<void> {
  await window.runCommand('Database Backup: Add Database');
  await window.pick(choice);
  await window.answer('What do you call it?', alias);
  await window.answer('On which host is the server?', keys.HOST);
  await window.answer('On which port?', String(keys.PORT));
  await window.answer('What is the database called on its server?', keys.NAME);
  await window.answer('As which user?', keys.USER);
  await window.answer('With which password?', keys.PASSWORD);
}

/** How many sentences a message has. */
export function sentenceCount(words: string): number {
  return words.split(/(?<=[.!?])\s+/).length;
}

/** A hook for `afterEach`: keeps a picture of what a failed test saw. */
export function pictureOfFailure(windowOf: () => Window | undefined): (this: Mocha.Context) => Promise<void> {
  return async function () {
    if (this.currentTest?.state === 'failed')
      await windowOf()?.picture(`failed-${this.currentTest.title.replaceAll(/\W+/g, '-')}`);
  };
}

/** Backs the shop up as a user would without an editor. */
export function backUpByCommandLine(folder: string, state: string): void {
  const { status, stderr } = spawnSync(process.execPath, [commandLine, 'backup', '--workspace', folder], {
    encoding: 'utf8',
    env: { ...process.env, DBBACKUP_STATE: state },
  });
  if (status !== 0) throw new Error(`The backup failed: ${stderr}`);
}

/** How many orders the shop has. */
export function countOrders(folder: string): number {
  return withShop(folder, (shop) => {
    const count: unknown = shop.prepare('SELECT count(*) FROM orders').pluck().get();
    if (typeof count !== 'number') throw new Error('The shop did not count its orders.');
    return count;
  });
}

/** Deletes orders as a bad migration would. */
export function loseOrders(folder: string): void {
  withShop(folder, (shop) => shop.exec('DELETE FROM order_lines; DELETE FROM orders WHERE id % 2 = 0'));
}

function withShop<Result>(folder: string, use: (shop: Database.Database) => Result): Result {
  const shop = new Database(join(folder, 'shop.sqlite3'));
  try {
    return use(shop);
  } finally {
    shop.close();
  }
}

/** Waits for a condition outside the window. Errors: after 20 s, naming what was waited for. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`Not within 20 s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
