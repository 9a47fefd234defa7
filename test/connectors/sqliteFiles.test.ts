import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { connectorFor, formatById } from '../../src/connectors/registry.ts';
import { follow } from '../../src/dumps/follow.ts';
import { mountSmallDisk } from '../helpers/smallDisk.ts';
import { inProcess } from '../helpers/connectorProcess.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { databaseAt, hashOf, sampleSql, using } from './sqliteSamples.ts';

const nobody = 65_534;
const connectors = ['SqliteBackupConnector', 'SqliteConnector', 'SqliteCPConnector'];

describe('SQLite files', () => {
  let bench: Bench;
  let path: string;
  beforeEach(async () => {
    bench = await makeBench();
    path = join(bench.folder, 'db.sqlite3');
  });
  afterEach(() => removeBench(bench));

  const makeSample = (file = path): void => using(file, (database) => void database.exec(sampleSql));

  /** A connector's answer to a source or target it cannot work with; nothing may appear in the folder. */
  async function refuses(connector: string, file: string, ...codes: readonly string[]): Promise<void> {
    const before = await readdir(bench.folder);
    await rejectsWith(bench.dump(connector, databaseAt(file, connector)), ...codes);
    assert.deepEqual(await readdir(bench.folder), before);
  }

  for (const connector of connectors) {
    describe(connector, () => {
      it('D3: says that a database does not exist, and creates none', async () => {
        await refuses(connector, path, 'sqlite.missing');
        await refuses(connector, join(bench.folder, 'no', 'folder.db'), 'sqlite.missing');
        const { problems } = await (await connectorFor(connector)).describe(databaseAt(path, connector));
        assert.deepEqual(
          problems.map(({ key, severity, code }) => [key, severity, code]),
          [['NAME', 'warning', 'sqlite.missing']],
        );
        assert.deepEqual(await readdir(bench.folder), []);
      });

      it('says that a database in memory has no file', async () => {
        for (const name of [':memory:', '', ' ', 'file::memory:?cache=shared', 'file:x?mode=memory&cache=shared']) {
          const database = databaseAt(join(bench.folder, name), connector, name);
          await rejectsWith(bench.dump(connector, database), 'sqlite.memory');
          await rejectsWith(bench.restore(connector, database, thisFile()), 'sqlite.memory');
          const { problems } = await (await connectorFor(connector)).describe(database);
          assert.equal(problems[0]?.code, 'sqlite.memory');
        }
        await rejectsWith(bench.dump(connector, databaseAt(path, connector, 'file:db.sqlite3')), 'settings.invalid');
        assert.deepEqual(await readdir(bench.folder), []);
      });

      it('tells a folder, a device, another kind of file and a damaged database apart', async () => {
        await mkdir(path);
        await refuses(connector, path, 'sqlite.notAFile');
        await refuses(connector, '/dev/null', 'sqlite.notAFile');
        const text = join(bench.folder, 'text.db');
        await writeFile(text, 'This is no database. '.repeat(300));
        await refuses(connector, text, 'sqlite.notADatabase');
        const broken = join(bench.folder, 'broken.db');
        makeSample(broken);
        await spoilSchema(broken);
        await refuses(connector, broken, 'sqlite.corrupt');
      });

      it('says that a file may not be read', async function () {
        if (process.getuid?.() !== 0) return this.skip();
        makeSample();
        await chmod(path, 0o600);
        assert.equal((await asNobody('createDump', connector)).code, 'disk.noPermission');
      });

      it('dumps an empty file as the empty database that it is', async () => {
        await writeFile(path, '');
        const { file } = await bench.dump(connector, databaseAt(path, connector));
        assert.ok((await stat(file)).size > 0);
        assert.deepEqual(await bench.verify(file), { tables: [], objects: {} });
        const target = join(bench.folder, 'target.db');
        await bench.restore(connector, databaseAt(target, connector), file);
        assert.deepEqual(
          using(target, (database) => database.prepare('SELECT * FROM sqlite_schema').all()),
          [],
        );
        assert.equal((await stat(path)).size, 0);
      });

      it('S12: dumps and restores the file that the target names, whatever NAME says', async () => {
        makeSample();
        const before = hashOf(path);
        const database = databaseAt(path, connector, 'other.db');
        const { file } = await bench.dump(connector, database);
        using(path, (handle) => handle.exec('DELETE FROM pair'));
        await bench.restore(connector, database, file);
        assert.equal(hashOf(path), before);
        assert.deepEqual(await readdir(bench.folder), ['db.sqlite3']);
      });

      it('works with any name of a file', async () => {
        for (const name of [
          ' leading',
          'trailing ',
          '\ttab\t',
          `it's "quoted"`,
          'größe 😀',
          '#?%41&x=1',
          '-flag',
          'file:x',
          'a\nb',
          '\u00a0nbsp\u00a0',
        ]) {
          const odd = join(bench.folder, name);
          const plain = join(bench.folder, 'plain.db');
          makeSample(plain);
          execFileSync('mv', [plain, odd]);
          const { file } = await bench.dump(connector, databaseAt(odd, connector, `./${name}`));
          execFileSync('mv', [odd, plain]);
          const before = hashOf(plain);
          await bench.restore(connector, databaseAt(odd, connector, `./${name}`), file);
          assert.deepEqual((await readdir(bench.folder)).sort(), [name, 'plain.db'].sort());
          execFileSync('mv', [odd, plain]);
          assert.equal(hashOf(plain), before, JSON.stringify(name));
          execFileSync('rm', [plain]);
        }
      });

      it('follows a symbolic link to the database', async () => {
        makeSample();
        const link = join(bench.folder, 'link.db');
        await symlink(path, link);
        const before = hashOf(path);
        const { file } = await bench.dump(connector, databaseAt(link, connector));
        using(path, (handle) => handle.exec('DELETE FROM pair'));
        await bench.restore(connector, databaseAt(link, connector), file);
        assert.equal(hashOf(path), before);
        assert.deepEqual((await readdir(bench.folder)).sort(), ['db.sqlite3', 'link.db']);
      });

      it('restores the other kind of dump as well', async () => {
        makeSample();
        const before = hashOf(path);
        for (const other of connectors) {
          const { file } = await bench.dump(other, databaseAt(path, other));
          const target = join(bench.folder, `${other}.db`);
          await bench.restore(connector, databaseAt(target, connector), file);
          assert.equal(hashOf(target), before);
        }
      });

      it('reads a WAL database in a folder that it may not write to', async function () {
        if (process.getuid?.() !== 0) return this.skip();
        makeSample();
        using(path, (database) => database.pragma('journal_mode = WAL'));
        await openToReaders();
        const outcome = await asNobody('createDump', connector);
        assert.deepEqual([outcome.ok, outcome.code], [true, undefined]);
        assert.deepEqual(await readdir(bench.folder), ['db.sqlite3']);
      });

      it('says that a target cannot be written, and leaves it alone', async function () {
        if (process.getuid?.() !== 0) return this.skip();
        makeSample();
        const { file } = await bench.dump(connector, databaseAt(path, connector));
        await copyFile(file, join(bench.scratch, 'private'));
        const before = await readFile(path);
        await openToReaders();
        const outcome = await asNobody('restoreDump', connector, join(bench.scratch, 'private'));
        assert.deepEqual([outcome.ok, outcome.code], [false, 'sqlite.readOnly']);
        assert.ok(before.equals(await readFile(path)));
      });

      for (const [what, damage] of [
        ['has a damaged page', (file: string) => spoilPage(file)],
        ['is no database', (file: string) => writeFile(file, 'no database '.repeat(1000))],
        ['has a damaged header', (file: string) => spoilHeader(file)],
        ['has a damaged schema', (file: string) => spoilSchema(file)],
        ['is cut off', (file: string) => truncate(file, 5000)],
      ] as const) {
        it(`restores over a target that ${what}, and its raw files can be kept before`, async () => {
          makeSample();
          const before = hashOf(path);
          const { file } = await bench.dump(connector, databaseAt(path, connector));
          await damage(path);
          await writeFile(`${path}-wal`, 'stale');
          const broken = await readFile(path);
          const database = databaseAt(path, connector);
          const { inspect, keepRaw } = await bound(connector);
          assert.ok((await inspect(database)).damage);
          const kept = join(bench.dumps, 'kept');
          await mkdir(kept);
          await keepRaw(database, kept);
          assert.ok(broken.equals(await readFile(join(kept, 'db.sqlite3'))));
          assert.equal(await readFile(join(kept, 'db.sqlite3-wal'), 'utf8'), 'stale');
          await bench.restore(connector, database, file);
          assert.equal(hashOf(path), before);
          assert.deepEqual(await readdir(bench.folder), ['db.sqlite3']);
        });
      }

      it('says that a disk is full or read-only, and leaves the target as it was', async function () {
        const disk = mountSmallDisk(2048);
        if (disk === undefined) return this.skip();
        try {
          const target = join(disk.path, 'target.db');
          makeSample(target);
          const before = hashOf(target);
          fillWith(path, 30);
          const { file } = await bench.dump(connector, databaseAt(path, connector));
          await rejectsWith(bench.restore(connector, databaseAt(target, connector), file), 'disk.full');
          await rejectsWith(bench.restore(connector, databaseAt(join(disk.path, 'new.db'), connector), file), 'disk.full');
          const found = await connectorFor(connector);
          const partial = join(disk.path, 'dump');
          await writeFile(partial, '');
          const dumping = found.createDump(
            databaseAt(path, connector),
            partial,
            { purpose: 'manual', follow },
            bench,
            bench.run(),
          );
          await rejectsWith(dumping, 'disk.full');
          await rm(partial, { force: true });
          assert.equal(hashOf(target), before);
          disk.makeReadOnly();
          await rejectsWith(bench.restore(connector, databaseAt(target, connector), file), 'sqlite.readOnly', 'disk.readOnly');
          assert.equal(hashOf(target), before);
        } finally {
          disk.unmount();
        }
      });

      it('S10: restores the dumped rows where later rows and triggers are, and fires none', async () => {
        makeSample();
        const before = hashOf(path);
        const { file } = await bench.dump(connector, databaseAt(path, connector));
        using(path, (database) =>
          database.exec(`INSERT INTO purchase VALUES (5000, 1, 'later'); INSERT INTO customer (name) VALUES ('later');
            CREATE TRIGGER trap AFTER INSERT ON pair BEGIN DELETE FROM customer; END`),
        );
        await bench.restore(connector, databaseAt(path, connector), file);
        assert.equal(hashOf(path), before);
      });

      it('S2: restores next to a stale WAL and a stale journal', async () => {
        makeSample();
        const before = hashOf(path);
        const { file } = await bench.dump(connector, databaseAt(path, connector));
        for (const target of [path, join(bench.folder, 'new.db')]) {
          await copyFile(await walWithRows(), `${target}-wal`);
          await bench.restore(connector, databaseAt(target, connector), file);
          // To SQLite the table of such a WAL is one of the target's own, which an SQL dump leaves alone.
          using(target, (database) => database.exec('DROP TABLE IF EXISTS stale'));
          assert.equal(hashOf(target), before);
        }
      });
    });
  }

  it('S1: refuses a dump that is cut, that has garbage behind it, or that is empty, and leaves the target alone', async () => {
    makeSample();
    const before = await readFile(path);
    const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const whole = await readFile(file);
    const format = await formatById('sqlite');
    for (const [bytes, code] of [
      [whole.subarray(0, whole.length - 4096), 'dumps.truncated'],
      [Buffer.concat([whole, Buffer.alloc(4096, 7)]), 'dumps.damaged'],
      [Buffer.alloc(0), 'dumps.empty'],
    ] as const) {
      const bad = join(bench.dumps, 'bad');
      await writeFile(bad, bytes);
      await rejectsWith(format.verify(bad, 'quick', bench, bench.run()), code);
      for (const connector of connectors) await rejectsWith(bench.restore(connector, databaseAt(path, connector), bad), code);
      assert.ok(before.equals(await readFile(path)));
    }
  });

  it('finds a page that was overwritten inside a dump', async () => {
    makeSample();
    const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const whole = await readFile(file);
    for (const page of [2, 5, 9]) {
      const bad = Buffer.from(whole);
      bad.fill(0xa5, page * 4096, page * 4096 + 64);
      await writeFile(file, bad);
      await rejectsWith(bench.verify(file, 'quick'), 'dumps.damaged');
    }
  });

  it('S3: refuses a raw copy while rows are in the WAL or in a journal, and says what to use', async () => {
    using(path, (database) => {
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)');
      execFileSync('cp', [path, `${path}-wal`, bench.dumps]);
    });
    execFileSync('cp', [join(bench.dumps, 'db.sqlite3'), join(bench.dumps, 'db.sqlite3-wal'), bench.folder]);
    const database = databaseAt(path, 'SqliteCPConnector');
    await rejectsWith(bench.dump('SqliteCPConnector', database), 'sqlite.inUse');
    const { facts } = await bench.dump('SqliteBackupConnector', database);
    assert.deepEqual(facts.contents.tables, [{ name: 't', rows: 1 }]);
    await writeFile(`${path}-wal`, '');
    await writeFile(`${path}-journal`, 'x');
    await rejectsWith(bench.dump('SqliteCPConnector', database), 'sqlite.inUse');
  });

  it('copies the bytes of the file with SqliteCPConnector', async () => {
    makeSample();
    const { file } = await bench.dump('SqliteCPConnector', databaseAt(path, 'SqliteCPConnector'));
    assert.ok((await readFile(file)).equals(await readFile(path)));
  });

  it('S15: makes dumps of a WAL database that are one file, and reads a dump in WAL mode without one appearing beside it', async () => {
    makeSample();
    using(path, (database) => database.pragma('journal_mode = WAL'));
    for (const connector of connectors) {
      const { file } = await bench.dump(connector, databaseAt(path, connector));
      await bench.verify(file);
      if (connector !== 'SqliteConnector') assert.equal((await readFile(file))[18], 1);
    }
    const foreign = join(bench.dumps, 'foreign.sqlite3');
    await copyFile(path, foreign);
    assert.equal((await readFile(foreign))[18], 2);
    const before = await readFile(foreign);
    await bench.verify(foreign, 'quick');
    await bench.verify(foreign, 'full');
    const target = join(bench.folder, 'target.db');
    makeSample(target);
    await bench.restore('SqliteBackupConnector', databaseAt(target, 'SqliteBackupConnector'), foreign);
    assert.equal(
      using(target, (database) => database.pragma('journal_mode', { simple: true })),
      'delete',
    );
    assert.ok(before.equals(await readFile(foreign)));
    assert.deepEqual(
      (await readdir(bench.dumps)).filter((name) => /-(wal|shm|journal)$/.test(name)),
      [],
    );
  });

  it('S14: restores into a WAL target of another page size, which stays a WAL database', async () => {
    makeSample();
    const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const before = hashOf(path);
    const target = join(bench.folder, 'target.db');
    using(target, (database) => database.exec('PRAGMA page_size = 8192; CREATE TABLE old (x); PRAGMA journal_mode = WAL'));
    await bench.restore('SqliteBackupConnector', databaseAt(target, 'SqliteBackupConnector'), file);
    assert.equal(hashOf(target), before);
    assert.equal(
      using(target, (database) => database.pragma('journal_mode', { simple: true })),
      'wal',
    );
  });

  it('keeps the journal mode of the target', async () => {
    makeSample();
    for (const mode of ['wal', 'delete']) {
      const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
      const target = join(bench.folder, `${mode}.db`);
      using(target, (database) => database.exec(`CREATE TABLE old (x); PRAGMA journal_mode = ${mode}`));
      await bench.restore('SqliteBackupConnector', databaseAt(target, 'SqliteBackupConnector'), file);
      assert.equal(
        using(target, (database) => database.pragma('journal_mode', { simple: true })),
        mode,
      );
    }
  });

  it('verifies a dump whose rules only its application can check', async () => {
    using(path, (database) => {
      database.function('of_the_application', { deterministic: true }, (value: unknown) => (value === null ? 0 : 1));
      database.exec(`CREATE TABLE t (x NOT NULL CHECK (of_the_application(x) = 1)); INSERT INTO t VALUES (1);
        CREATE INDEX i ON t (of_the_application(x)); CREATE TABLE u (x); INSERT INTO u VALUES (1), (2)`);
      database.unsafeMode();
      database.exec(`PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE u (x NOT NULL)' WHERE name = 'u'`);
    });
    using(path, (database) => database.exec(`PRAGMA writable_schema = ON; UPDATE u SET x = NULL WHERE false`));
    const { file, facts } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    assert.deepEqual(await bench.verify(file, 'full'), facts.contents);
  });

  it('S4: needs no more memory for a large database than for a small one', async () => {
    const dump = join(bench.scratch, 'dump');
    for (const connector of connectors) {
      const growth = { small: 0, large: 0 };
      for (const size of ['small', 'large'] as const) {
        const file = join(bench.folder, size);
        if (connector === connectors[0]) fillWith(file, size === 'small' ? 20 : 800);
        await writeFile(dump, '', { mode: 0o600 });
        for (const method of ['createDump', 'verify', 'restoreDump'] as const) {
          const database = databaseAt(file, connector);
          const outcome = await inProcess({ connector, method, database, path: dump, scratch: bench.scratch });
          assert.equal(outcome.ok, true, `${connector} ${method} ${outcome.code}`);
          growth[size] = Math.max(growth[size], outcome.growthBytes);
        }
      }
      const more = (growth.large - growth.small) / 1024 / 1024;
      assert.ok(more < 96, `${connector} needs ${more} MiB more`);
    }
  }).timeout(120_000);

  /** Rows of 100 KB each. */
  function fillWith(file: string, rows: number): void {
    using(file, (database) => {
      database.exec('PRAGMA synchronous = OFF; CREATE TABLE big (id INTEGER PRIMARY KEY, bytes BLOB)');
      const insert = database.prepare('INSERT INTO big (bytes) VALUES (randomblob(100000))');
      database.transaction(() => Array.from({ length: rows }, () => insert.run()))();
    });
  }

  /** A WAL that holds committed rows of another database. */
  async function walWithRows(): Promise<string> {
    const other = join(bench.dumps, 'other.db');
    const wal = join(bench.dumps, 'other.db-wal-kept');
    using(other, (database) => {
      database.exec('PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS stale (x); INSERT INTO stale VALUES (1)');
      execFileSync('cp', [`${other}-wal`, wal]);
    });
    assert.ok((await stat(wal)).size > 0);
    return wal;
  }

  async function bound(name: string) {
    const connector = await connectorFor(name);
    return {
      inspect: (database: ReturnType<typeof databaseAt>) => connector.inspect(database, bench, bench.run()),
      keepRaw: async (database: ReturnType<typeof databaseAt>, folder: string) =>
        connector.keepRaw?.(database, folder, bench, bench.run()),
    };
  }

  async function openToReaders(): Promise<void> {
    await chmod(path, 0o644);
    await chmod(bench.folder, 0o755);
  }

  /** Runs a method as a user who owns nothing here but the scratch folder. */
  async function asNobody(method: 'createDump' | 'restoreDump', connector: string, dump?: string) {
    const out = dump ?? join(bench.scratch, 'out');
    if (dump === undefined) await writeFile(out, '');
    execFileSync('chown', ['-R', String(nobody), bench.scratch]);
    await chmod(join(bench.folder, '..'), 0o755);
    if (method === 'createDump') await chmod(bench.folder, 0o755);
    return inProcess({ connector, method, database: databaseAt(path, connector), path: out, scratch: bench.scratch }, nobody);
  }

  function thisFile(): string {
    return new URL(import.meta.url).pathname;
  }
});

/** Damages a page of rows. */
async function spoilPage(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0xff, 5 * 4096, 5 * 4096 + 200);
  await writeFile(file, bytes);
}

/** Damages the page that holds the schema, behind the file's header. */
async function spoilSchema(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0xff, 100, 200);
  await writeFile(file, bytes);
}

async function spoilHeader(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0xff, 16, 100);
  await writeFile(file, bytes);
}
