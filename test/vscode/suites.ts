import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSampleWorkspace } from '../../scripts/sample.ts';
import type { Settings } from '../../scripts/codeServer.ts';

/**
 * One folder of tests and the VS Code it runs in.
 *
 * Shape: `name` is the folder; `trust: 'asked'` opens the workspace in Restricted Mode; `makeWorkspace` gets a path that
 *        does not exist yet and returns what to open, a folder or a .code-workspace file, or nothing for an empty window.
 */
export interface Suite {
  readonly name: string;
  readonly what: string;
  readonly trust: 'granted' | 'asked';
  readonly userSettings?: Settings;
  readonly machineSettings?: Settings;
  makeWorkspace(path: string): string | undefined;
}

/** Every suite. A new folder of tests gets its line here. */
export const suites: readonly Suite[] = [
  { name: 'suite', what: 'the shop database in a trusted workspace', trust: 'granted', makeWorkspace: makeShop },
  { name: 'restricted', what: 'the shop database in Restricted Mode', trust: 'asked', makeWorkspace: makeShop },
  { name: 'folders', what: 'a workspace file with two folders', trust: 'granted', makeWorkspace: makeTwoFolders },
  { name: 'empty', what: 'a trusted folder without databases', trust: 'granted', makeWorkspace: makeEmptyFolder },
];

/** A tenth of the demo's shop, since these tests wait for each backup of it. */
function makeShop(path: string): string {
  createSampleWorkspace(path, { orders: 4000 });
  return path;
}

function makeEmptyFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}

/** Both folders have a `default`; `shared` is in the workspace file, and a mistake is in every file. */
function makeTwoFolders(path: string): string {
  const database = { ENGINE: 'sqlite3', NAME: 'db.sqlite3' };
  for (const folder of ['one', 'two']) {
    mkdirSync(join(path, folder, '.vscode'), { recursive: true });
    const databases = { default: database, broken: { ...database, NAMES: folder } };
    writeFileSync(join(path, folder, '.vscode', 'settings.json'), JSON.stringify({ 'dbbackup.databases': databases }, null, 2));
  }
  const databases = {
    shared: database,
    default: { ENGINE: 'sqlite3', NAME: 'hidden.db' },
    wrong: { ENGINE: 'sqlite3', NAME: 3 },
  };
  const settings = { 'dbbackup.databases': databases, 'dbbackup.connectors': { shared: { EXTENSON: 'x' } } };
  const file = join(path, 'two.code-workspace');
  writeFileSync(file, JSON.stringify({ folders: [{ path: 'one' }, { path: 'two' }], settings }, null, 2));
  return file;
}
