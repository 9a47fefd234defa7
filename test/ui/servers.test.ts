import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { createShop } from '../../scripts/sample.ts';
import { mariadbServer } from '../helpers/mariadbServer.ts';
import { bin, postgresqlServer } from '../helpers/postgresqlServer.ts';
import {
  act,
  openWorkspace,
  pictureOfFailure,
  sentenceCount,
  until,
  writeDatabases,
  type OpenedWorkspace,
} from './shopWindow.ts';

/** Nobody listens on port 1 of this machine. */
const shop = { ENGINE: 'postgresql', NAME: 'shop', USER: 'ada', HOST: '127.0.0.1', PORT: 1 };

function readDatabases(folder: string): unknown {
  return JSON.parse(readFileSync(join(folder, '.vscode', 'settings.json'), 'utf8'));
}

describe('adding a database on a server', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    opened = await openWorkspace(() => undefined);
  });
  after(() => opened.close());

  it('asks for each value with a default, goes back, tests the connection, and keeps the password out of settings.json', async () => {
    const { window, folder } = opened;
    await window.runCommand('Database Backup: Add Database');
    await window.pickRow('PostgreSQL').waitFor();
    await window.picture('add-server-engine');
    await window.pick('PostgreSQL');
    await window.answer('What do you call it?', 'shop');
    await window.answer('On which host is the server?', '127.0.0.1');
    await window.type('On which port?', 'five');
    await window.page.getByText('A port is a number from 1 to 65535').waitFor();
    await window.page.getByRole('button', { name: /^Back \(/ }).click();
    await window.question('On which host is the server?').waitFor();
    assert.equal(await window.input.inputValue(), '127.0.0.1');
    await window.answer('On which host is the server?', '127.0.0.1');
    await window.answer('On which port?', '1');
    await window.answer('What is the database called on its server?', 'shop');
    await window.answer('As which user?', 'ada');
    await window.type('With which password?', 'hunter2');
    assert.equal(await window.input.getAttribute('type'), 'password');
    await window.picture('add-server-password');
    await window.answer('With which password?', 'hunter2');
    await window.pickRow('Add Anyway').waitFor();
    await window.picture('add-server-not-reached');
    await window.pick('Add Anyway');
    await window.row(/^shop, PostgreSQL/).waitFor();
    await window.page.locator('.tab').filter({ hasText: 'settings.json' }).waitFor();
    await window.picture('server-added');
    assert.deepEqual(readDatabases(folder), { 'dbbackup.databases': { shop } });
  });

  it('keeps the password for this target, until it is forgotten', async () => {
    const { window } = opened;
    await window.rowMenu(/^shop/, 'Forget Password');
    await window.toast('The password of shop is forgotten.').waitFor();
    await window.clearNotifications();
    await window.rowMenu(/^shop/, 'Forget Password');
    await window.toast('No password of shop is in secret storage.').waitFor();
    await window.clearNotifications();
    await window.rowMenu(/^shop/, 'Set Password');
    await window.answer('shop on 127.0.0.1 as ada', 'hunter3');
    await window.toast('The password of shop is in secret storage.').waitFor();
  });
});

describe('what a workspace starts', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    opened = await openWorkspace((folder) => writeDatabases(folder, { default: { ...shop, ...starts } }));
  });
  after(() => opened.close());

  const starts = { DUMP_PREFIX: 'nice -n 10', ENV: { VAULT_TOKEN: 'hunter2' } };
  const asks = 'Let this workspace decide what is started for default?';

  it('is not started before it is allowed, and Enter shows the plan instead of allowing it', async () => {
    const { window } = opened;
    await act(window, /^default/, 'Back Up Database');
    const { message, detail } = await window.dialog();
    assert.equal(message, asks);
    assert.match(
      detail,
      /^DUMP_PREFIX: nice -n 10 \(settings of the folder\)\nENV: {"VAULT_TOKEN":"\*\*\*"} \(settings of the folder\)\n/,
    );
    await window.picture('approve-plan');
    await window.page.keyboard.press('Enter');
    await window.pickRow('Start Nothing').waitFor();
    await window.page.getByText('Set by this workspace').waitFor();
    await window.picture('approve-plan-shown');
    await window.input.press('Enter');
    await window.input.waitFor({ state: 'hidden' });
    assert.equal(await window.toast(/Backing up/).count(), 0);
  });

  it('is started once it is allowed, and asked for no more', async () => {
    const { window } = opened;
    await act(window, /^default/, 'Back Up Database');
    await window.dialog();
    await window.answerDialog('Allow');
    await window.toast(/Backing up default failed/).waitFor();
    await window.clearNotifications();
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backing up default failed/).waitFor();
    await window.clearNotifications();
  });

  it('is asked for again when one character of it has changed, be it masked', async () => {
    const { window, folder } = opened;
    for (const [change, shown] of [
      [{ DUMP_PREFIX: 'nice -n 11' }, 'nice -n 11'],
      [{ ENV: { VAULT_TOKEN: 'hunter3' } }, 'nice -n 10'],
    ] as const) {
      writeDatabases(folder, { default: { ...shop, ...starts, ...change } });
      await window.runCommand('Database Backup: Refresh');
      await act(window, /^default/, 'Back Up Database');
      const { message, detail } = await window.dialog();
      assert.equal(message, asks);
      assert.ok(detail.includes(shown), detail);
      await window.answerDialog('Cancel');
    }
  });
});

describe('a backup of all databases', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    opened = await openWorkspace((folder) => {
      createShop(join(folder, 'shop.sqlite3'), { orders: 100 });
      const [refused, failing] = [{ ...shop, DUMP_PREFIX: 'nice' }, shop];
      writeDatabases(folder, { refused, failing, default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3' } });
    });
  });
  after(() => opened.close());

  it('leaves out the one whose plan is refused, goes on with the others, and says what became of each', async () => {
    const { window } = opened;
    await window.row(/^default, SQLite/).waitFor();
    await window.titleAction('Back Up All Databases');
    assert.equal((await window.dialog()).message, 'Let this workspace decide what is started for refused?');
    await window.answerDialog('Cancel');
    await window.toast(/Backed up default \(.*\)\./).waitFor();
    await window.toast('Not allowed, so not backed up: refused.').waitFor();
    await window.toast(/Backing up failing failed: No server answers/).waitFor();
    await window.row(/^default, .*, 1 dump/).waitFor();
    await window.picture('backed-up-all-but-refused');
  });

  it('says nothing where it was the only one', async () => {
    const { window } = opened;
    await window.clearNotifications();
    await act(window, /^refused/, 'Back Up Database');
    await window.dialog();
    await window.answerDialog('Cancel');
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backed up default/).waitFor();
    assert.equal(await window.toast('refused').count(), 0);
  });
});

describe('a password in a settings file that git tracks', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    opened = await openWorkspace((folder) => {
      writeDatabases(folder, { default: { ...shop, PASSWORD: 'hunter2' } });
      for (const words of [
        ['init', '-q'],
        ['add', '.'],
      ]) {
        const { status, stderr } = spawnSync('git', words, { cwd: folder, encoding: 'utf8' });
        assert.equal(status, 0, stderr);
      }
    });
  });
  after(() => opened.close());

  it('is warned of once, and moved to secret storage', async () => {
    const { window, folder } = opened;
    await window.page.locator('.statusbar-item[id^="status.scm"]').first().waitFor();
    await act(window, /^default/, 'Back Up Database');
    const warning = /The password of default stands in a settings file that git tracks/;
    await window.toast(warning).waitFor();
    await window.picture('password-tracked');
    await window.answerToast(warning, 'Move to Secret Storage');
    await window.toast(warning).waitFor({ state: 'hidden' });
    await window.showNotifications();
    await window.notification(/The password of default is in secret storage/).waitFor();
    await until('the password is out of settings.json', () => !JSON.stringify(readDatabases(folder)).includes('hunter2'));
    assert.deepEqual(readDatabases(folder), { 'dbbackup.databases': { default: shop } });
    await window.clearNotifications();
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backing up default failed/).waitFor();
    assert.equal(await window.toast(warning).count(), 0);
  });
});

describe('a tool that is missing, then of another server', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  let other: string;
  let client: string;
  afterEach(pictureOfFailure(() => opened.window));

  before(async function () {
    const server = await mariadbServer(this);
    const { keys } = server.resolved(await server.createDatabase());
    const folder = mkdtempSync(join(tmpdir(), 'dbbackup-other-tool-'));
    [other, client] = [join(folder, 'mysqldump'), join(folder, 'mariadb-dump')];
    symlinkSync('/usr/bin/mariadb-dump', client);
    writeFileSync(other, '#!/bin/sh\necho "mysqldump  Ver 8.0.35 for Linux on x86_64 (MySQL Community Server)"\n', {
      mode: 0o755,
    });
    opened = await openWorkspace((workspace) => writeDatabases(workspace, { default: { ENGINE: 'mysql', ...keys } }), {
      environment: { PATH: dirname(process.execPath) },
    });
  });
  after(async () => {
    await opened.close();
    rmSync(dirname(other), { recursive: true, force: true });
  });

  const choose = async (path: string): Promise<void> => {
    const { window } = opened;
    await window.pick(/^mariadb-dump/);
    await window.question('Where is mariadb-dump?').waitFor();
    // The list of files is filled by and by, and with it the box.
    await window.pickRow(/./).waitFor();
    await window.type('Where is mariadb-dump?', path);
    await window.pickRow(basename(path)).waitFor();
    await window.answer('Where is mariadb-dump?', path);
    await window.toast(`mariadb-dump is ${path} from now on.`).waitFor();
    await window.clearNotifications();
    await act(window, /^default/, 'Back Up Database');
  };

  it('is told with what to install, and then with whose it is, until the right one is chosen', async () => {
    const { window } = opened;
    await act(window, /^default/, 'Back Up Database');
    const missing = /Backing up default failed: The program mariadb-dump was not found/;
    const { words, buttons } = await window.message(missing);
    assert.deepEqual(buttons, ['Choose Tool…', 'Show Log']);
    assert.equal(sentenceCount(words), 2, words);
    await window.picture('tool-missing');
    await window.answerToast(missing, 'Choose Tool…');
    await choose(other);
    const wrong = /mariadb-dump \(.*\) is not MariaDB's, but the server is/;
    await window.toast(wrong).waitFor();
    await window.picture('tool-wrong-flavour');
    await window.answerToast(wrong, 'Choose Tool…');
    await choose(client);
    await window.toast(/Backed up default \(.*\)\./).waitFor();
  });
});

describe('a tool that is too old for the server', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  let tools: string;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    const server = await postgresqlServer();
    const name = await server.createDatabase('CREATE TABLE orders (id integer)');
    tools = mkdtempSync(join(tmpdir(), 'dbbackup-old-tool-'));
    const old = join(tools, 'pg_dump');
    writeFileSync(old, '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.24"\n', { mode: 0o755 });
    const { keys } = server.resolved('PgDumpBinaryConnector', name);
    opened = await openWorkspace((folder) => writeDatabases(folder, { default: keys }), {
      machineSettings: { 'dbbackup.tools': { pg_dump: old } },
    });
  });
  after(async () => {
    await opened.close();
    rmSync(tools, { recursive: true, force: true });
  });

  it('is told with both versions, and the next backup uses the one that is chosen instead', async () => {
    const { window } = opened;
    await act(window, /^default/, 'Back Up Database');
    const failed = /pg_dump 9\.6\.24 \(.*\) is too old for the server, which is \d+/;
    await window.toast(failed).waitFor();
    await window.picture('tool-too-old');
    await window.answerToast(failed, 'Choose Tool…');
    await window.pickRow(/^pg_dump/).waitFor();
    await window.picture('choose-tool');
    await window.pick('set in dbbackup.tools');
    await window.question('Where is pg_dump?').waitFor();
    // The list of files is filled by and by, and with it the box.
    await window.pickRow('pg_dump').waitFor();
    await window.type('Where is pg_dump?', join(bin, 'pg_dump'));
    await window.pickRow('clusterdb').waitFor();
    await window.answer('Where is pg_dump?', join(bin, 'pg_dump'));
    await window.toast(`pg_dump is ${join(bin, 'pg_dump')} from now on.`).waitFor();
    await window.clearNotifications();
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backed up default \(.*\)\./).waitFor();
  });
});
