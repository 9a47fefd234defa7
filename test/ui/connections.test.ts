import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it, type Context } from 'mocha';
import { canary, mariadbServer } from '../helpers/mariadbServer.ts';
import { postgresqlServer } from '../helpers/postgresqlServer.ts';
import type { Theme } from '../helpers/window.ts';
import {
  act,
  addServer,
  openWorkspace,
  pictureOfFailure,
  sentenceCount,
  writeDatabases,
  type OpenedWorkspace,
  type ServerKeys,
} from './shopWindow.ts';

/** A database with one table on a running server, and a user of it without rights there. */
interface Reachable {
  readonly keys: ServerKeys;
  readonly stranger: Partial<ServerKeys>;
}

interface Engine {
  readonly name: string;
  readonly choice: string;
  readonly theme: Theme;
  open(test: Context): Promise<Reachable>;
}

const engines: readonly Engine[] = [
  { name: 'PostgreSQL', choice: 'PostgreSQL', theme: 'light', open: openPostgresql },
  { name: 'MySQL', choice: 'MySQL or MariaDB', theme: 'dark', open: openMariadb },
];

/** Each way in which a connection fails, by the alias of the database that has it. */
const failures = [
  { alias: 'down', says: /No server answers for \w+ on 127\.0\.0\.1\./, fix: 'Open Settings' },
  { alias: 'elsewhere', says: /The host of \w+ on nowhere\.invalid is not known\./, fix: 'Open Settings' },
  { alias: 'unknown', says: /The server has no such database: nowhere on 127\.0\.0\.1\./, fix: 'Open Settings' },
  { alias: 'strange', says: /The user lacks a right on \w+ on 127\.0\.0\.1\./, fix: 'Open Settings' },
  { alias: 'silent', says: /The server did not answer in time: \w+ on 127\.0\.0\.1\./, fix: 'Try Again' },
] as const;

for (const { name, choice, theme, open } of engines) {
  describe(`a connection to ${name} in the window`, function () {
    this.timeout(120_000);
    let opened: OpenedWorkspace;
    let server: Reachable;
    let silent: Server;
    const picture = (state: string): Promise<void> => opened.window.picture(`${name.toLowerCase()}-${state}`);
    afterEach(pictureOfFailure(() => opened.window));

    before(async function () {
      server = await open(this);
      silent = await silentServer();
      const { keys, stranger } = server;
      const databases = {
        down: { ...keys, PORT: 1 },
        elsewhere: { ...keys, HOST: 'nowhere.invalid' },
        unknown: { ...keys, NAME: 'nowhere' },
        strange: { ...keys, ...stranger },
        silent: { ...keys, PORT: portOf(silent) },
      };
      opened = await openWorkspace((folder) => writeDatabases(folder, databases));
      if (theme !== 'light') await opened.window.showTheme(theme);
    });
    after(async () => {
      await opened.close();
      silent.close();
    });

    for (const { alias, says, fix } of failures) {
      it(`that fails (${alias}) is told in two sentences, with the button that mends it first`, async () => {
        const { window, folder } = opened;
        const failed = new RegExp(`Backing up ${alias} failed`);
        const row = new RegExp(`^${alias}`);
        await act(window, row, 'Back Up Database');
        const { words, buttons } = await window.message(failed);
        assert.match(words, says);
        assert.equal(sentenceCount(words), 2, words);
        assert.deepEqual(buttons, [fix, 'Show Log']);
        await picture(`connection-${alias}`);
        await window.answerToast(failed, fix);
        if (fix === 'Open Settings') {
          const text = readFileSync(join(folder, '.vscode', 'settings.json'), 'utf8');
          const line = text.slice(0, text.indexOf(`"${alias}"`)).split('\n').length;
          const selection = window.page.locator('[id="status.editor.selection"]');
          await selection.filter({ hasText: `Ln ${line}, ` }).waitFor();
        } else {
          await window.row(new RegExp(`^${alias}, .*job running`)).waitFor();
          await window.rowAction(row, 'Cancel');
          await window.row(/job running/).waitFor({ state: 'detached' });
        }
        await window.clearNotifications();
      });
    }

    it('that failed is in the log, by its code', async () => {
      const { window } = opened;
      await act(window, /^down/, 'Back Up Database');
      await window.answerToast(/Backing up down failed/, 'Show Log');
      await window.page.locator('.part.panel .view-line').filter({ hasText: 'connection.refused' }).first().waitFor();
      await picture('connection-log');
      await window.runCommand('View: Hide Panel');
      await window.clearNotifications();
    });

    const add = (changes: Partial<ServerKeys> = {}): Promise<void> =>
      addServer(opened.window, { choice, alias: 'added', keys: { ...server.keys, ...changes } });

    it('is tested before a database is added, and each failure is told', async () => {
      const { window } = opened;
      const tests: readonly (readonly [string, Partial<ServerKeys>, RegExp])[] = [
        ['down', { PORT: 1 }, /No server answers for \w+ on 127\.0\.0\.1\..*or go back to correct host and port\./],
        [
          'elsewhere',
          { HOST: 'nowhere.invalid' },
          /The host of \w+ on nowhere\.invalid is not known\..*Go back to correct the host\./,
        ],
        ['silent', { PORT: portOf(silent) }, /The server did not answer in time/],
      ];
      for (const [state, changes, says] of tests) {
        await add(changes);
        await window.pickRow(says).waitFor();
        await window.pickRow('Try Again').waitFor();
        await window.pickRow('Add Anyway').waitFor();
        await picture(`test-connection-${state}`);
        await window.input.press('Escape');
        await window.input.waitFor({ state: 'hidden' });
      }
    });

    it('is tested before a database is added that is not there yet', async () => {
      const { window } = opened;
      await add({ NAME: 'nowhere' });
      await window.pickRow(`Connected: ${name}, which has no such database yet`).waitFor();
      await picture('test-connection-no-database');
      await window.input.press('Escape');
      await window.input.waitFor({ state: 'hidden' });
    });

    it('is made with the right password once Back has been pressed, and the database is added with it', async () => {
      const { window } = opened;
      await add({ PASSWORD: 'wrong' });
      await window.pickRow('The server does not accept this user with this password.').waitFor();
      await picture('test-connection-wrong-password');
      await window.page.getByRole('button', { name: /^Back \(/ }).click();
      await window.answer('With which password?', server.keys.PASSWORD);
      await window.pickRow(new RegExp(`Connected: ${name} \\d+.*, 1 table`)).waitFor();
      await picture('test-connection-connected');
      await window.pick('Add');
      await act(window, /^added/, 'Back Up Database');
      await window.toast(/Backed up added \(.*\)\./).waitFor();
    });
  });
}

const orders = 'CREATE TABLE orders (id integer)';

async function openPostgresql(): Promise<Reachable> {
  const server = await postgresqlServer();
  const name = await server.createDatabase(orders);
  await server.query(name, "CREATE ROLE stranger LOGIN PASSWORD 'stranger'");
  return {
    keys: {
      ENGINE: 'postgresql',
      HOST: '127.0.0.1',
      PORT: server.port,
      NAME: name,
      USER: server.user,
      PASSWORD: server.password,
    },
    stranger: { USER: 'stranger', PASSWORD: 'stranger' },
  };
}

async function openMariadb(test: Context): Promise<Reachable> {
  const server = await mariadbServer(test);
  const name = await server.createDatabase();
  await server.query(orders, name);
  await server.createUser('stranger');
  return {
    keys: { ENGINE: 'mysql', HOST: '127.0.0.1', PORT: server.port, NAME: name, USER: 'admin', PASSWORD: canary },
    stranger: { USER: 'stranger' },
  };
}

/** Takes connections and never answers. */
async function silentServer(): Promise<Server> {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  return silent;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server does not listen.');
  return address.port;
}
