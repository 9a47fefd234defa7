import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { ErrorCode } from '../../src/core/errors.ts';
import { BackupError } from '../../src/core/errors.ts';
import type { RequestOf, ResultOf } from '../../src/core/job.ts';
import { listDumps } from '../../src/dumps/catalog.ts';
import { perform } from '../../src/perform.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';

describe('jobs on one database', () => {
  let workspace: TestWorkspace;

  beforeEach(() => {
    workspace = makeWorkspace();
    sql("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'one'), (2, 'two')");
  });
  afterEach(() => workspace.remove());

  const sql = (text: string, file = workspace.path('shop.sqlite3')): void => {
    const open = new Database(file);
    open.exec(text);
    open.close();
  };
  const names = (file = workspace.path('shop.sqlite3')): unknown[] => {
    const open = new Database(file, { readonly: true });
    const found = open.prepare('SELECT name FROM items ORDER BY id').pluck().all();
    open.close();
    return found;
  };

  async function backup(overrides: Partial<RequestOf<'backup'>> = {}, run = recordingRun()): Promise<ResultOf<'backup'>> {
    const { dumps, stateDirectory } = workspace;
    const result = await perform({ kind: 'backup', database: workspace.database(), dumps, stateDirectory, ...overrides }, run);
    assert.ok(result.kind === 'backup');
    return result;
  }

  async function restore(
    dump: string,
    overrides: Partial<RequestOf<'restore'>> = {},
    run = recordingRun(),
  ): Promise<ResultOf<'restore'>> {
    const { dumps, stateDirectory } = workspace;
    const result = await perform(
      { kind: 'restore', database: workspace.database(), dump, dumps, stateDirectory, ...overrides },
      run,
    );
    assert.ok(result.kind === 'restore');
    return result;
  }

  async function verify(...files: string[]): Promise<ResultOf<'verify'>['files']> {
    const { dumps, stateDirectory } = workspace;
    const result = await perform({ kind: 'verify', files, dumps, stateDirectory }, recordingRun());
    assert.ok(result.kind === 'verify');
    return result.files;
  }

  it('publishes a dump with a manifest that says what is in it', async () => {
    const result = await backup({ git: { branch: 'main', commit: 'a'.repeat(40) } });
    const [entry] = await listDumps({ ...workspace.dumps, stateDirectory: workspace.stateDirectory });
    assert.equal(entry?.file, result.file);
    assert.equal(entry.state, 'verified');
    assert.equal(entry.origin, 'here');
    assert.deepEqual(entry.manifest?.contents.tables, [{ name: 'items', rows: 2 }]);
    assert.deepEqual(entry.manifest.target, { kind: 'file', engine: 'sqlite', path: 'shop.sqlite3' });
    assert.equal(entry.manifest.git?.branch, 'main');
    assert.deepEqual(entry.manifest.tools, []);
  });

  it('restores the rows of the dump, and undoes it with the safety dump', async () => {
    const { file } = await backup();
    sql('DELETE FROM items WHERE id = 1; CREATE TABLE later (a)');
    const { safetyFile = '' } = await restore(file);
    assert.deepEqual(names(), ['one', 'two']);
    const undone = await restore(safetyFile);
    assert.deepEqual(names(), ['two']);
    assert.ok(undone.safetyFile !== undefined && undone.safetyFile !== safetyFile);
  });

  it('says before a restore what is replaced and what goes', async () => {
    const { file } = await backup();
    sql('CREATE TABLE later (a)');
    const run = recordingRun(false);
    await assert.rejects(restore(file, {}, run), withCode('restore.notConfirmed'));
    const [question] = run.questions;
    assert.ok(question?.kind === 'confirmRestore');
    assert.deepEqual(question.preview.replaced, [{ name: 'items', rows: 2 }]);
    assert.deepEqual(
      question.preview.removed.map((table) => table.name),
      ['later'],
    );
    assert.equal(question.preview.safetyDump, true);
  });

  it('keeps tables that an SQL dump does not hold, and says so', async () => {
    const { file } = await backup({ database: workspace.database({ connector: 'SqliteConnector' }) });
    sql('CREATE TABLE later (a)');
    const run = recordingRun();
    await restore(file, { database: workspace.database({ connector: 'SqliteConnector' }) }, run);
    const [question] = run.questions;
    assert.deepEqual(question?.kind === 'confirmRestore' && question.preview.kept.map((table) => table.name), ['later']);
    sql('INSERT INTO later VALUES (1)');
  });

  it('X4: changes nothing when the answer is no, and makes no safety dump for it', async () => {
    const { file } = await backup();
    sql('DELETE FROM items');
    await assert.rejects(restore(file, {}, recordingRun(false)), withCode('restore.notConfirmed'));
    assert.deepEqual(names(), []);
    assert.equal(dumpNames().length, 1);
  });

  it('asks for the name when there will be no way back', async () => {
    const { file } = await backup();
    const run = recordingRun();
    const result = await restore(file, { dumps: { ...workspace.dumps, safetyBackup: false } }, run);
    assert.equal(result.safetyFile, undefined);
    const [question] = run.questions;
    assert.equal(question?.kind === 'confirmRestore' && question.preview.typeToConfirm, 'shop.sqlite3');
  });

  it('creates a database that does not exist, without a safety dump', async () => {
    const { file } = await backup();
    const target = workspace.path('new.sqlite3');
    const result = await restore(file, { database: workspace.database({ file: target }) });
    assert.equal(result.safetyFile, undefined);
    assert.deepEqual(names(target), ['one', 'two']);
  });

  it('keeps a damaged database as it was before restoring over it', async () => {
    const { file } = await backup();
    const garbage = Buffer.alloc(8192, 'not a database');
    writeFileSync(workspace.path('shop.sqlite3'), garbage);
    const { safetyFile = '' } = await restore(file);
    assert.deepEqual(names(), ['one', 'two']);
    assert.deepEqual(readFileSync(safetyFile), garbage);
    const entries = await listDumps({ ...workspace.dumps, stateDirectory: workspace.stateDirectory });
    assert.equal(entries.find((entry) => entry.file === safetyFile)?.state, 'unverified');
  });

  it('makes the safety dump whole although the settings exclude a table', async () => {
    sql('CREATE TABLE sessions (id INTEGER PRIMARY KEY); INSERT INTO sessions VALUES (7)');
    const database = workspace.database({ connector: 'SqliteConnector', keys: { EXCLUDE: ['sessions'] } });
    const { file } = await backup({ database });
    const { safetyFile = '' } = await restore(file, { database });
    assert.match(readFileSync(safetyFile, 'utf8'), /sessions/);
    assert.doesNotMatch(readFileSync(file, 'utf8'), /CREATE TABLE sessions/);
  });

  it('refuses a dump of another kind and leaves the rows', async () => {
    const file = workspace.path('notes.dump');
    writeFileSync(file, 'notes, and so on');
    await assert.rejects(restore(file), withCode('dumps.unknownFormat'));
    writeFileSync(file, 'PGDMP\u0001\u000e and so on');
    await assert.rejects(restore(file), withCode('dumps.wrongEngine'));
    assert.deepEqual(names(), ['one', 'two']);
  });

  for (const damage of ['cut', 'flipped', 'emptied', 'extended'] as const) {
    it(`S1: refuses a dump that was ${damage} and leaves the rows`, async () => {
      const { file } = await backup();
      const bytes = readFileSync(file);
      sql('DELETE FROM items WHERE id = 2');
      writeFileSync(file, damaged(bytes, damage));
      await assert.rejects(
        restore(file),
        (error) => error instanceof BackupError && /^dumps\.(empty|truncated|damaged)$/.test(error.code),
      );
      assert.deepEqual(names(), ['one']);
      assert.equal((await verify(file))[0]?.state, 'damaged');
      const [entry] = await listDumps({ ...workspace.dumps, stateDirectory: workspace.stateDirectory });
      assert.equal(entry?.state, 'damaged');
    });
  }

  it('remembers what Verify found about a dump without a manifest', async () => {
    const dump = workspace.path('backups', 'colleague.sqlite3');
    mkdirSync(workspace.path('backups'));
    sql('CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)', dump);
    assert.deepEqual(await verify(dump), [{ file: dump, state: 'verified' }]);
    const [entry] = await listDumps({ ...workspace.dumps, stateDirectory: workspace.stateDirectory });
    assert.equal(entry?.state, 'verified');
  });

  for (const compression of ['gzip', 'zstd'] as const) {
    it(`recognises ${compression} by content when it restores, whatever the name says`, async () => {
      const { file } = await backup({ dumps: { ...workspace.dumps, compression } });
      const renamed = workspace.path('colleague.sqlite3');
      writeFileSync(renamed, readFileSync(file));
      sql('DELETE FROM items');
      await restore(renamed);
      assert.deepEqual(names(), ['one', 'two']);
    });
  }

  it('D4: fails in one sentence without the secret', async () => {
    const canary = 'c4n4ry/pass word';
    const database = workspace.database({ file: workspace.path(canary, 'missing.sqlite3'), keys: { PASSWORD: canary } });
    const run = recordingRun();
    await assert.rejects(backup({ database }, run), (error) => {
      assert.ok(error instanceof BackupError);
      assert.equal(error.code, 'sqlite.missing');
      assert.ok(!`${error.message}${error.hint}${run.lines.join()}`.includes(canary));
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.deepEqual(dumpNames(), []);
  });

  it('says that a connector of another engine is not part of this version', async () => {
    await assert.rejects(
      backup({ database: workspace.database({ connector: 'JsonConnector' }) }),
      withCode('connector.unavailable'),
    );
  });

  it('describes each database, and a connector that cannot be had as a problem of its own', async () => {
    const databases = [workspace.database(), workspace.database({ alias: 'other', connector: 'JsonConnector' })];
    const result = await perform({ kind: 'describe', databases, stateDirectory: workspace.stateDirectory }, recordingRun());
    assert.ok(result.kind === 'describe');
    assert.deepEqual(
      result.databases.map(({ alias, problems }) => [alias, problems.map(({ code }) => code)]),
      [
        ['default', []],
        ['other', ['connector.unavailable']],
      ],
    );
  });

  it('refuses a second job on the same database, through another alias too', async () => {
    const { dumps, stateDirectory } = workspace;
    const run = recordingRun();
    const { file } = await backup();
    let inner: unknown;
    await perform(
      { kind: 'restore', database: workspace.database(), dump: file, dumps, stateDirectory },
      {
        ...run,
        ask: async () => {
          inner = await backup({ database: workspace.database({ alias: 'second' }) }).catch((error: unknown) => error);
          return true;
        },
      },
    );
    assert.ok(withCode('job.busy')(inner));
  });

  it('tells a defect of ours as such, with its place in the log, and changes nothing', async () => {
    const { file } = await backup();
    sql('DELETE FROM items');
    const run = { ...recordingRun(), ask: () => Promise.reject(new TypeError('nobody to ask')) };
    await assert.rejects(restore(file, {}, run), withCode('unexpected'));
    assert.ok(run.lines.some((line) => /^error: TypeError: nobody to ask\n +at /.test(line)));
    assert.deepEqual(names(), []);
  });

  it('cleans old dumps of a database and leaves those of another', async () => {
    sql('CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)', workspace.path('second.sqlite3'));
    const other = workspace.database({ alias: 'default2', file: workspace.path('second.sqlite3') });
    await backup({ database: other });
    const files: string[] = [];
    for (let count = 0; count < 4; count += 1) files.push((await backup()).file);
    const { stateDirectory, dumps } = workspace;
    const request = {
      kind: 'clean' as const,
      databases: [workspace.database(), other],
      dumps: { ...dumps, cleanupKeep: 2 },
      stateDirectory,
    };
    const result = await perform(request, recordingRun());
    assert.ok(result.kind === 'clean');
    assert.deepEqual(
      result.deleted.map((file) => basename(file)).toSorted(),
      files
        .slice(0, 2)
        .map((file) => basename(file))
        .toSorted(),
    );
    assert.equal(dumpNames().length, 3);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    const controller = new AbortController();
    const run = { ...recordingRun(), signal: controller.signal, progress: () => controller.abort() };
    const { dumps, stateDirectory } = workspace;
    await assert.rejects(perform({ kind: 'backup', database: workspace.database(), dumps, stateDirectory }, run), {
      name: 'AbortError',
    });
    assert.deepEqual(dumpNames(), []);
    assert.deepEqual(readdirSync(workspace.stateDirectory + '/scratch'), []);
    await backup();
  });

  function dumpNames(): string[] {
    const directory = workspace.path('backups');
    return existsSync(directory) ? readdirSync(directory).filter((name) => name !== '.gitignore' && !name.endsWith('.json')) : [];
  }
});

function withCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof BackupError && error.code === code;
}

function damaged(bytes: Buffer, damage: 'cut' | 'flipped' | 'emptied' | 'extended'): Buffer {
  switch (damage) {
    case 'cut':
      return bytes.subarray(0, bytes.length / 2);
    case 'flipped': {
      const copy = Buffer.from(bytes);
      copy.writeUInt8(copy.readUInt8(5000) ^ 4, 5000);
      return copy;
    }
    case 'emptied':
      return Buffer.alloc(0);
    case 'extended':
      return Buffer.concat([bytes, Buffer.alloc(4096)]);
  }
}
