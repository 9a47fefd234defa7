import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as z from 'zod';
import { createShop } from '../../scripts/sample.ts';
import { until } from '../helpers/processes.ts';

const lineSchema = z.record(z.string(), z.unknown());
const problemsSchema = z.array(z.object({ path: z.array(z.string()), hint: z.string() }));
const commandLine = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

describe('the command line', () => {
  let root = '';
  const folder = (...names: string[]): string => join(root, 'project', ...names);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'dbbackup-command-line-'));
    mkdirSync(folder('.vscode'), { recursive: true });
    writeSettings({ 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3' } } });
    sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'one'), (2, 'two')");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const writeSettings = (settings: unknown): void => writeFileSync(folder('.vscode', 'settings.json'), JSON.stringify(settings));
  const sql = (text: string, name = 'shop.sqlite3'): void => {
    const open = new Database(folder(name));
    open.exec(text);
    open.close();
  };
  const countRows = (): unknown => {
    const open = new Database(folder('shop.sqlite3'), { readonly: true });
    const count = open.prepare('SELECT count(*) FROM items').pluck().get();
    open.close();
    return count;
  };

  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, DBBACKUP_STATE: join(root, 'state') });

  function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [commandLine, ...args], {
      cwd: folder(),
      encoding: 'utf8',
      env: environment(),
    });
    return { code: status, stdout, stderr };
  }

  /** The lines of `--json`: all of stdout must be JSON. */
  function json(...args: string[]): { code: number | null; lines: Record<string, unknown>[]; last: Record<string, unknown> } {
    const { code, stdout } = run('--json', ...args);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => lineSchema.parse(JSON.parse(line)));
    const last = lines.pop() ?? {};
    return { code, lines, last };
  }

  it('backs up the default database and says it in exactly the promised fields', () => {
    const { code, lines, last } = json('backup');
    assert.equal(code, 0);
    assert.deepEqual(last, { ok: true });
    const [line = {}] = lines;
    assert.deepEqual(Object.keys(line), ['alias', 'connector', 'file', 'sizeBytes', 'sha256', 'durationMs', 'verification']);
    assert.equal(line['alias'], 'default');
    assert.match(String(line['file']), /^backups\/default-.*\.sqlite3$/);
    assert.ok(existsSync(folder(String(line['file']))));
  });

  it('lists dumps newest first in exactly the promised fields', () => {
    run('backup');
    run('backup');
    const { lines } = json('list');
    assert.equal(lines.length, 2);
    const fields = ['alias', 'connector', 'file', 'createdUtc', 'sizeBytes', 'sha256', 'kind', 'state', 'origin'];
    for (const line of lines) assert.deepEqual(Object.keys(line), fields);
    assert.ok(String(lines[0]?.['createdUtc']) >= String(lines[1]?.['createdUtc']));
    assert.deepEqual([lines[0]?.['kind'], lines[0]?.['state'], lines[0]?.['origin']], ['manual', 'verified', 'here']);
  });

  it('restores the newest dump with --yes, and undoes it with the safety dump', () => {
    run('backup');
    sql('DELETE FROM items');
    const { code, lines, last } = json('restore', '--yes');
    assert.deepEqual([code, last], [0, { ok: true }]);
    assert.deepEqual(Object.keys(lines[0] ?? {}), ['alias', 'connector', 'file', 'safetyFile', 'durationMs']);
    assert.equal(countRows(), 2);
    assert.equal(run('restore', '--dump', String(lines[0]?.['safetyFile']), '--yes').code, 0);
    assert.equal(countRows(), 0);
  });

  it('says on stderr how a restore is undone', () => {
    run('backup');
    const { stdout, stderr } = run('restore', '--yes');
    assert.match(stderr, /dbbackup restore default --dump backups\/safety-default/);
    assert.doesNotMatch(stdout, /To undo/);
  });

  it('X4: refuses a restore without --yes with exit 3, shows what would be lost, and changes nothing', () => {
    run('backup');
    sql('DELETE FROM items; CREATE TABLE later (a)');
    const { code, stderr } = run('restore');
    assert.equal(code, 3);
    assert.match(stderr, /remove 1 tables? .*later/);
    assert.equal(countRows(), 0);
    assert.equal(json('restore').last['code'], 'restore.notConfirmed');
  });

  it('restores without a safety dump only when told so', () => {
    run('backup');
    const { lines } = json('restore', '--yes', '--no-safety-backup');
    assert.deepEqual(Object.keys(lines[0] ?? {}), ['alias', 'connector', 'file', 'durationMs']);
    assert.equal(readdirSync(folder('backups')).filter((name) => name.startsWith('safety')).length, 0);
  });

  it('takes --dump as a path or as a file name in the dump directory', () => {
    const name = String(json('backup').lines[0]?.['file']).replace('backups/', '');
    assert.equal(run('restore', '--dump', name, '--yes').code, 0);
    assert.equal(run('restore', '--dump', join('backups', name), '--yes').code, 0);
    assert.equal(json('restore', '--dump', 'nothing.sqlite3', '--yes').last['code'], 'dumps.missing');
  });

  it('verifies every dump, and fails naming the damaged ones', () => {
    const [good = '', bad = ''] = [0, 1].map(() => String(json('backup').lines[0]?.['file']));
    writeFileSync(folder(bad), 'SQLite format 3\0 and no more');
    const { code, lines, last } = json('verify');
    assert.deepEqual([code, last['ok'], last['code']], [1, false, 'dumps.damaged']);
    const states = new Map(lines.map((line) => [line['file'], line['state']]));
    assert.deepEqual(
      states,
      new Map([
        [bad, 'damaged'],
        [good, 'verified'],
      ]),
    );
  });

  it('describes databases in exactly the promised fields', () => {
    const { lines } = json('databases');
    assert.deepEqual(lines, [
      {
        alias: 'default',
        engine: 'sqlite',
        connector: 'SqliteBackupConnector',
        target: { name: folder('shop.sqlite3') },
        tools: [],
        dump: { stages: [] },
        restore: { stages: [] },
        problems: [],
      },
    ]);
  });

  it('D10: names a mistyped key with its path and the right one', () => {
    writeSettings({ 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3', EXCLUD: ['items'] } } });
    const [line = {}] = json('databases').lines;
    const [problem] = problemsSchema.parse(line['problems']);
    assert.deepEqual(problem?.path, ['dbbackup.databases', 'default', 'EXCLUD']);
    assert.match(problem.hint, /EXCLUDE/);
  });

  it('S12: backs up the database that the connector settings name', () => {
    sql('CREATE TABLE replica (a)', 'replica.sqlite3');
    writeSettings({
      'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3' } },
      'dbbackup.connectors': { default: { NAME: 'replica.sqlite3' } },
    });
    const file = String(json('backup').lines[0]?.['file']);
    const dump = new Database(folder(file), { readonly: true });
    assert.deepEqual(dump.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all(), ['replica']);
    dump.close();
  });

  it('D3: fails on a missing database and creates nothing', () => {
    writeSettings({ 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'missing.sqlite3' } } });
    const { code, last } = json('backup');
    assert.deepEqual([code, last['code'], last['alias']], [1, 'sqlite.missing', 'default']);
    assert.ok(!existsSync(folder('missing.sqlite3')));
  });

  it('backs up all databases although one of them fails, and then fails naming it', () => {
    writeSettings({
      'dbbackup.databases': {
        first: { ENGINE: 'sqlite3', NAME: 'missing.sqlite3' },
        second: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3' },
      },
    });
    const { code, lines, last } = json('backup', '--all');
    assert.deepEqual([code, last['ok'], last['alias']], [1, false, 'first']);
    assert.deepEqual(
      lines.map((line) => line['alias']),
      ['second'],
    );
  });

  it('asks for a name when there are several databases and none is called default', () => {
    writeSettings({ 'dbbackup.databases': { a: { ENGINE: 'sqlite3', NAME: 'a' }, b: { ENGINE: 'sqlite3', NAME: 'b' } } });
    const { code, last } = json('backup');
    assert.deepEqual([code, last['code']], [2, 'usage.unknownAlias']);
  });

  const mistakes: [string, string[], number, string][] = [
    ['an unknown command', ['nonsense'], 2, 'usage.invalid'],
    ['an unknown option', ['backup', '--nonsense'], 2, 'usage.invalid'],
    ['an unknown alias', ['backup', 'nonsense'], 2, 'usage.unknownAlias'],
    ['a workspace that is not there', ['--workspace', 'nowhere', 'backup'], 2, 'usage.invalid'],
    ['a settings file that is not there', ['--settings', 'nowhere.json', 'backup'], 2, 'settings.unreadable'],
    ['a restore without any dump', ['restore', '--yes'], 1, 'dumps.none'],
    ['a backup of a workspace that is not trusted', ['--untrusted', 'backup'], 3, 'trust.restricted'],
    ['a restore in a workspace that is not trusted', ['--untrusted', 'restore', '--yes'], 3, 'trust.restricted'],
  ];
  for (const [what, args, code, expected] of mistakes) {
    it(`answers ${what} with exit ${code} and ${expected}`, () => {
      const outcome = json(...args);
      assert.deepEqual([outcome.code, outcome.last['ok'], outcome.last['code']], [code, false, expected]);
      assert.notEqual(outcome.last['hint'], '');
    });
  }

  it('lists and verifies in a workspace that is not trusted', () => {
    run('backup');
    assert.equal(run('--untrusted', 'list').code, 0);
    assert.equal(run('--untrusted', 'verify').code, 0);
  });

  it('answers a settings file that is no JSON with the line', () => {
    writeFileSync(folder('.vscode', 'settings.json'), '{\n  "dbbackup.databases": {,\n}');
    const { code, last } = json('backup');
    assert.deepEqual([code, last['code']], [2, 'settings.unreadable']);
    assert.match(String(last['message']), /line 2/);
  });

  it('answers a database whose settings are wrong with exit 2', () => {
    writeSettings({ 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 7 } } });
    const { code, last } = json('backup');
    assert.deepEqual([code, last['code']], [2, 'settings.invalid']);
  });

  it('says that there is no database', () => {
    writeSettings({});
    assert.equal(json('backup').last['code'], 'usage.noDatabase');
  });

  it('cleans what is beyond cleanupKeep', () => {
    writeSettings({ 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3' } }, 'dbbackup.cleanupKeep': 1 });
    run('backup');
    run('backup');
    const { code, lines } = json('clean');
    assert.deepEqual([code, lines.length], [0, 1]);
    assert.equal(json('list').lines.length, 1);
  });

  it('has nothing to recover', () => {
    assert.deepEqual(json('recover'), { code: 0, lines: [], last: { ok: true } });
  });

  it('ends with 130 and leaves nothing when it is interrupted', async () => {
    rmSync(folder('shop.sqlite3'));
    createShop(folder('shop.sqlite3'), { orders: 40_000 });
    writeSettings({
      'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'shop.sqlite3', CONNECTOR: 'SqliteConnector' } },
    });
    const child = spawn(process.execPath, [commandLine, '--json', 'backup'], { cwd: folder(), env: environment() });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (said += text));
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(() => partials().length > 0, 'the dump to begin');
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    const { ok, code } = lineSchema.parse(JSON.parse(said));
    assert.deepEqual([ok, code], [false, 'job.cancelled']);
    assert.deepEqual(partials(), []);
  });

  function partials(): string[] {
    return existsSync(folder('backups')) ? readdirSync(folder('backups')).filter((name) => name.includes('.partial')) : [];
  }

  it('hands over to the Node of the project when the one on PATH is older', () => {
    const { status, stdout } = runOnOlderNode(commandLine);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /SqliteBackupConnector/);
  });

  it('says that Node is too old where there is no other', () => {
    const elsewhere = join(root, 'dist', 'cli.js');
    mkdirSync(join(root, 'dist'));
    copyFileSync(commandLine, elsewhere);
    const { status, stdout } = runOnOlderNode(elsewhere);
    const { ok, code } = lineSchema.parse(JSON.parse(stdout));
    assert.deepEqual([status, ok, code], [2, false, 'node.tooOld']);
  });

  /** What an older Node does with the entry: it reads it, says its own version, and must not go further. */
  function runOnOlderNode(entry: string): { status: number | null; stdout: string } {
    const older = join(root, 'older');
    mkdirSync(older);
    writeFileSync(
      join(older, 'preload.cjs'),
      `Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); delete process.env.NODE_OPTIONS;`,
    );
    const env = { ...environment(), NODE_OPTIONS: `--require ${join(older, 'preload.cjs')}` };
    return spawnSync(process.execPath, [entry, '--json', 'databases'], { cwd: folder(), encoding: 'utf8', env });
  }
});
