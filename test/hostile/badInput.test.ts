import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createShop } from '../../scripts/sample.ts';
import type { Database as ResolvedDatabase } from '../../src/core/database.ts';
import { BackupError, type ErrorCode } from '../../src/core/errors.ts';
import type { DumpSettings } from '../../src/core/job.ts';
import { perform } from '../../src/perform.ts';
import { mountSmallDisk, type SmallDisk } from '../helpers/smallDisk.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';

const connectors = ['SqliteBackupConnector', 'SqliteConnector', 'SqliteCPConnector'] as const;

describe('bad input loses nothing', () => {
  let workspace: TestWorkspace;
  let disk: SmallDisk | undefined;

  beforeEach(() => {
    workspace = makeWorkspace();
    createShop(workspace.path('shop.sqlite3'), { orders: 2000 });
  });
  afterEach(() => {
    disk?.unmount();
    disk = undefined;
    workspace.remove();
  });

  async function backup(database: ResolvedDatabase, dumps: Partial<DumpSettings> = {}): Promise<string> {
    const request = {
      kind: 'backup' as const,
      database,
      dumps: { ...workspace.dumps, ...dumps },
      stateDirectory: workspace.stateDirectory,
    };
    const result = await perform(request, recordingRun());
    assert.ok(result.kind === 'backup');
    return result.file;
  }

  async function restore(dump: string, database = workspace.database(), dumps: Partial<DumpSettings> = {}): Promise<void> {
    const { stateDirectory } = workspace;
    await perform({ kind: 'restore', database, dump, dumps: { ...workspace.dumps, ...dumps }, stateDirectory }, recordingRun());
  }

  /** The failure has the code, a sentence and a next step; every file that was there is byte-identical, and nothing is new. */
  async function refused(code: ErrorCode | RegExp, work: () => Promise<unknown>): Promise<void> {
    const before = filesBelow(workspace.folder);
    const error = await work().then(
      () => assert.fail('it was not refused'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof BackupError, String(error));
    if (typeof code === 'string') assert.equal(error.code, code, error.message);
    else assert.match(error.code, code, error.message);
    assert.ok(error.message.length > 0 && error.message.length < 400 && !error.message.includes('\n'));
    assert.notEqual(error.hint, '');
    assert.deepEqual(filesBelow(workspace.folder), before);
    assert.deepEqual(readdirSync(join(workspace.stateDirectory, 'scratch')), []);
    const locks = join(workspace.stateDirectory, 'locks');
    assert.deepEqual(existsSync(locks) ? readdirSync(locks) : [], []);
  }

  for (const connector of connectors) {
    describe(`as a source of ${connector}`, () => {
      const database = (name: string): ResolvedDatabase => workspace.database({ connector, file: workspace.path(name) });

      beforeEach(async () => {
        await backup(workspace.database());
      });

      it('a missing file', () => refused('sqlite.missing', () => backup(database('missing.sqlite3'))));

      it('a folder', async () => {
        mkdirSync(workspace.path('folder.sqlite3'));
        await refused('sqlite.notAFile', () => backup(database('folder.sqlite3')));
      });

      it('a file that is no database', async () => {
        writeFileSync(workspace.path('notes.txt'), 'These are notes.\n'.repeat(1000));
        await refused('sqlite.notADatabase', () => backup(database('notes.txt')));
      });

      it('a corrupt database', async () => {
        const bytes = readFileSync(workspace.path('shop.sqlite3'));
        bytes.fill(0xa5, 4096 * 3, bytes.length - 4096 * 3);
        writeFileSync(workspace.path('corrupt.sqlite3'), bytes);
        await refused('sqlite.corrupt', () => backup(database('corrupt.sqlite3')));
      });

      it('a database that was cut', async () => {
        const bytes = readFileSync(workspace.path('shop.sqlite3'));
        writeFileSync(workspace.path('cut.sqlite3'), bytes.subarray(0, bytes.length / 2));
        await refused('sqlite.corrupt', () => backup(database('cut.sqlite3')));
      });

      it('a database in memory', () =>
        refused('sqlite.memory', () => backup(workspace.database({ connector, keys: { NAME: ':memory:' } }))));
    });
  }

  it('a dump directory on a full disk is told before any work', async () => {
    disk = mountSmallDisk(256);
    if (disk === undefined) return;
    writeFileSync(join(disk.path, 'filler'), Buffer.alloc(255 * 1024));
    const directory = join(disk.path, 'backups');
    await refused('disk.full', () => backup(workspace.database(), { directory }));
  });

  for (const connector of connectors) {
    it(`a disk that fills up under ${connector} leaves nothing behind`, async () => {
      disk = mountSmallDisk(512);
      if (disk === undefined) return;
      const directory = join(disk.path, 'backups');
      await refused('disk.full', () => backup(workspace.database({ connector }), { directory }));
      assert.deepEqual(
        readdirSync(directory).filter((name) => name !== '.gitignore'),
        [],
      );
    });
  }

  it('a dump directory on a read-only disk', async () => {
    disk = mountSmallDisk(256);
    if (disk === undefined) return;
    disk.makeReadOnly();
    const directory = join(disk.path, 'backups');
    await refused('disk.readOnly', () => backup(workspace.database(), { directory }));
  });

  it('a target on a disk that fills up during the restore keeps its rows', async () => {
    disk = mountSmallDisk(700);
    if (disk === undefined) return;
    const file = join(disk.path, 'small.sqlite3');
    const small = new Database(file);
    small.exec("CREATE TABLE kept (name TEXT); INSERT INTO kept VALUES ('old')");
    small.close();
    const createBig = workspace.path('big.sqlite3');
    createShop(createBig, { orders: 8000 });
    const dump = await backup(workspace.database({ file: createBig }));
    await refused('disk.full', () => restore(dump, workspace.database({ file }), { safetyBackup: false }));
    const after = new Database(file);
    assert.deepEqual(after.prepare('SELECT name FROM kept').pluck().all(), ['old']);
    assert.equal(after.pragma('integrity_check', { simple: true }), 'ok');
    after.close();
  });

  it('a safety dump that does not fit stops the restore', async () => {
    const dump = await backup(workspace.database());
    disk = mountSmallDisk(256);
    if (disk === undefined) return;
    const directory = join(disk.path, 'backups');
    await refused('restore.safetyFailed', () => restore(dump, workspace.database(), { directory }));
  });

  describe('as a dump to restore', () => {
    const names: [string, ErrorCode | RegExp, (path: string) => void][] = [
      ['nothing at all', 'dumps.missing', () => undefined],
      ['a folder', /^dumps\./, (path) => mkdirSync(path)],
      ['an empty file', 'dumps.empty', (path) => writeFileSync(path, '')],
      ['a link', /^dumps\./, (path) => symlinkSync(workspace.path('shop.sqlite3'), path)],
      [
        'a PostgreSQL archive',
        /^dumps\.(unknownFormat|wrongEngine)$/,
        (path) => writeFileSync(path, Buffer.from('PGDMP\u0001\u000f\u0000', 'latin1')),
      ],
      [
        'a MySQL dump',
        /^dumps\.|^sqlite\./,
        (path) =>
          writeFileSync(path, '-- MySQL dump 10.13\nDROP TABLE IF EXISTS `a`;\nCREATE TABLE `a` (`b` int) ENGINE=InnoDB;\n'),
      ],
      ['a text', 'dumps.unknownFormat', (path) => writeFileSync(path, 'Dear reader,\n')],
      ['a picture', 'dumps.unknownFormat', (path) => writeFileSync(path, Buffer.from('89504e470d0a1a0a', 'hex'))],
      [
        'gzip of nothing known',
        /^dumps\./,
        (path) => writeFileSync(path, Buffer.from('1f8b0800000000000003030000000000000000', 'hex')),
      ],
    ];
    for (const [what, code, make] of names) {
      it(what, async () => {
        const path = workspace.path('given.dump');
        make(path);
        await refused(code, () => restore(path));
      });
    }
  });

  const stored = [
    { connector: 'SqliteBackupConnector', compression: 'none' },
    { connector: 'SqliteBackupConnector', compression: 'gzip' },
    { connector: 'SqliteConnector', compression: 'none' },
    { connector: 'SqliteConnector', compression: 'zstd' },
  ] as const;
  for (const { connector, compression } of stored) {
    it(`finds a cut at 100 points and 200 flipped bits in a dump of ${connector}, compression ${compression}`, async function () {
      this.timeout(240_000);
      const small = workspace.path('small.sqlite3');
      createShop(small, { orders: 20 });
      const dump = await backup(workspace.database({ connector, file: small }), { compression, verification: 'full' });
      const bytes = readFileSync(dump);
      const candidates = [
        ...Array.from({ length: 100 }, (_, index) => bytes.subarray(0, Math.floor((bytes.length * index) / 100))),
        ...Array.from({ length: 200 }, (_, index) => flipped(bytes, Math.floor((bytes.length * 8 * (index + 0.5)) / 200))),
      ];
      rmSync(dump);
      const files = candidates.map((candidate, index) => {
        const file = workspace.path(`candidate-${index}.dump`);
        writeFileSync(file, candidate);
        // The manifest knows the size and the sha256 of the whole dump.
        writeFileSync(
          `${file}.json`,
          readFileSync(`${dump}.json`, 'utf8').replace(/"file":\s*"[^"]+"/, `"file": "candidate-${index}.dump"`),
        );
        return file;
      });
      const { stateDirectory, dumps } = workspace;
      const result = await perform({ kind: 'verify', files, dumps, stateDirectory }, recordingRun());
      assert.ok(result.kind === 'verify');
      assert.deepEqual(
        result.files.filter((file) => file.state !== 'damaged'),
        [],
      );
    });
  }

  for (const connector of ['SqliteBackupConnector', 'SqliteConnector'] as const) {
    for (const compression of ['gzip', 'zstd'] as const) {
      it(`finds a cut between two blocks of a stranger's dump of ${connector}, compression ${compression}`, async () => {
        const large = workspace.path('large.sqlite3');
        createShop(large, { orders: 60_000 });
        const file = await backup(workspace.database({ connector, file: large }), { compression });
        const bytes = readFileSync(file);
        // What each block begins with.
        const start = bytes.subarray(0, compression === 'gzip' ? 10 : 5);
        const cuts: number[] = [];
        for (let at = bytes.indexOf(start, 1); at > 0; at = bytes.indexOf(start, at + 1)) cuts.push(at);
        assert.ok(cuts.length >= 2, `${cuts.length} cuts`);
        for (const at of cuts) {
          const cut = workspace.path('given.dump');
          writeFileSync(cut, bytes.subarray(0, at));
          await refused(/^dumps\.(truncated|damaged)$/, () => restore(cut));
        }
      });
    }
  }
});

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return copy;
}

function filesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')];
    }),
  );
}
