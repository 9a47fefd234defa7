import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { connectorFor, formatById } from '../../src/connectors/registry.ts';
import { BackupError } from '../../src/core/errors.ts';
import { killedAfter } from '../helpers/connectorProcess.ts';
import { restoreFile } from '../helpers/restoreFile.ts';
import { SqlitePeer } from '../helpers/sqlitePeer.ts';
import { fileOf, makeBench, removeBench, type Bench } from './contract.ts';
import { databaseAt, hashOf, sampleSql, sqliteSubject, using } from './sqliteSamples.ts';

const connectors = ['SqliteBackupConnector', 'SqliteConnector', 'SqliteCPConnector'];

describe('an SQLite database in use by another process', () => {
  let bench: Bench;
  let path: string;
  const peers: SqlitePeer[] = [];
  beforeEach(async () => {
    bench = await makeBench();
    path = join(bench.folder, 'db.sqlite3');
  });
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
    await removeBench(bench);
  });

  async function openPeer(file: string): Promise<SqlitePeer> {
    const peer = new SqlitePeer(file);
    peers.push(peer);
    await peer.all('SELECT count(*) FROM sqlite_schema');
    return peer;
  }

  async function makeLarge(mode: 'wal' | 'delete'): Promise<string> {
    const file = fileOf(await sqliteSubject('SqliteBackupConnector', 'warning').large(bench.folder));
    using(file, (database) => database.pragma(`journal_mode = ${mode}`));
    return file;
  }

  for (const mode of ['wal', 'delete'] as const) {
    for (const connector of ['SqliteBackupConnector', 'SqliteConnector']) {
      it(`is dumped by ${connector} while it commits 50 times a second, journal_mode ${mode}`, async () => {
        const file = await makeLarge(mode);
        const peer = await openPeer(file);
        await peer.commitEvery(20);
        const dump = await bench.dump(connector, databaseAt(file, connector));
        const during = await peer.commits();
        assert.deepEqual(await bench.verify(dump.file), dump.facts.contents);
        const rows = new Map(dump.facts.contents.tables.map((table) => [table.name, table.rows]));
        assert.equal(rows.get('big'), 320);
        assert.ok((rows.get('traffic') ?? Infinity) <= during);
        const target = join(bench.folder, 'target.db');
        await bench.restore(connector, databaseAt(target, connector), dump.file);
        assert.equal(
          using(target, (database) => database.prepare('SELECT count(*) FROM traffic').pluck().get()),
          rows.get('traffic'),
        );
        await peer.exec('INSERT INTO big (bytes) VALUES (1)');
      });
    }

    it(`gets the restored rows and goes on committing, journal_mode ${mode}`, async () => {
      const file = await makeLarge(mode);
      const peer = await openPeer(file);
      await peer.exec('CREATE TABLE traffic (id INTEGER PRIMARY KEY, at TEXT)');
      for (const connector of ['SqliteBackupConnector', 'SqliteConnector']) {
        const { file: dump } = await bench.dump(connector, databaseAt(file, connector));
        await peer.exec('DELETE FROM big WHERE id > 10');
        await peer.commitEvery(20);
        await bench.restore(connector, databaseAt(file, connector), dump);
        assert.deepEqual(await peer.all('SELECT count(*) FROM big'), [[320]]);
        const before = await peer.commits();
        await peer.exec(`INSERT INTO traffic (at) VALUES ('afterwards')`);
        assert.ok((await peer.commits()) >= before);
        await peer.stopCommitting();
      }
      assert.deepEqual(await peer.all('PRAGMA integrity_check'), [['ok']]);
    });
  }

  it('S2: gets the restored rows while its own are in the WAL', async () => {
    using(path, (database) => void database.exec(`${sampleSql} PRAGMA journal_mode = WAL`));
    const dumps = new Map<string, string>();
    for (const connector of connectors) dumps.set(connector, (await bench.dump(connector, databaseAt(path, connector))).file);
    for (const [connector, file] of dumps) {
      const peer = await openPeer(path);
      await peer.exec(`UPDATE purchase SET note = 'in the WAL'; DELETE FROM pair`);
      await bench.restore(connector, databaseAt(path, connector), file);
      assert.deepEqual(await peer.all(`SELECT count(*) FROM purchase WHERE note = 'in the WAL'`), [[0]]);
      assert.deepEqual(await peer.all('SELECT count(*) FROM pair'), [[2]]);
      await peer.stop();
    }
  });

  it('is waited for, when it holds a lock for a moment', async () => {
    using(path, (database) => void database.exec(sampleSql));
    const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const before = hashOf(path);
    for (const connector of connectors) {
      const peer = await openPeer(path);
      await peer.exec('BEGIN EXCLUSIVE');
      const release = (): void => void peer.exec('ROLLBACK');
      // The first message of the log is that it waits.
      await bench.dump(connector, databaseAt(path, connector), { ...bench.run(), log: release });
      await peer.exec('BEGIN EXCLUSIVE');
      await copyFile(file, join(bench.scratch, 'dump'));
      const workspace = { scratch: bench.scratch };
      await restoreFile(await connectorFor(connector), {
        database: databaseAt(path, connector),
        path: join(bench.scratch, 'dump'),
        workspace,
        run: { ...bench.run(), log: release },
      });
      await peer.stop();
      assert.equal(hashOf(path), before);
    }
  });

  it('S13: is named after ten seconds, when it keeps the source or the target locked; nothing is changed', async () => {
    using(path, (database) => void database.exec(sampleSql));
    const before = hashOf(path);
    const binary = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const another = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const text = await bench.dump('SqliteConnector', databaseAt(path, 'SqliteConnector'));
    const wal = join(bench.folder, 'wal.db');
    using(wal, (database) => database.exec('PRAGMA page_size = 8192; CREATE TABLE old (x); PRAGMA journal_mode = WAL'));
    const peer = await openPeer(path);
    await peer.exec('BEGIN EXCLUSIVE');
    const walPeer = await openPeer(wal);
    const attempts = [
      ...connectors.map((connector) => bench.dump(connector, databaseAt(path, connector))),
      bench.restore('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'), binary.file),
      bench.restore('SqliteConnector', databaseAt(path, 'SqliteConnector'), text.file),
      bench.restore('SqliteBackupConnector', databaseAt(wal, 'SqliteBackupConnector'), another.file),
    ];
    const errors = await Promise.all(
      attempts.map((attempt: Promise<unknown>) =>
        attempt.then(
          () => 'no error',
          (error: unknown) => error,
        ),
      ),
    );
    for (const [index, error] of errors.entries()) {
      assert.ok(error instanceof BackupError, String(error));
      assert.equal(error.code, index < 5 ? 'sqlite.inUse' : 'sqlite.pageSize');
      if (process.platform === 'linux') assert.match(error.hint, /node|MainThread/);
    }
    await peer.exec('ROLLBACK');
    assert.equal(hashOf(path), before);
    assert.deepEqual(await walPeer.all('SELECT name FROM sqlite_schema'), [['old']]);
    assert.deepEqual(await walPeer.all('PRAGMA journal_mode'), [['wal']]);
  }).timeout(40_000);

  it('is counted as an open session', async function () {
    if (process.platform !== 'linux') return this.skip();
    using(path, (database) => void database.exec(sampleSql));
    await openPeer(path);
    const connector = await connectorFor('SqliteBackupConnector');
    const { openSessions } = await connector.inspect(databaseAt(path, 'SqliteBackupConnector'), bench, bench.run());
    assert.equal(openSessions, 1);
  });

  it('is told of a cancel at once, even while SQLite checks pages and cannot be interrupted', async () => {
    using(path, (database) =>
      database.exec(`PRAGMA synchronous = OFF; CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000) INSERT INTO t SELECT i, hex(i * 7919 % 1000003) FROM n;
        CREATE INDEX tb ON t (b)`),
    );
    const { file } = await bench.dump('SqliteBackupConnector', databaseAt(path, 'SqliteBackupConnector'));
    const format = await formatById('sqlite');
    const controller = new AbortController();
    let abortedAt = 0;
    let startedAt = performance.now();
    await format.verify(file, 'full', bench, bench.run());
    const whole = performance.now() - startedAt;
    startedAt = performance.now();
    const cancel = (): void => {
      abortedAt = performance.now();
      controller.abort(new DOMException('cancelled', 'AbortError'));
    };
    await assert.rejects(format.verify(file, 'full', bench, bench.run(controller, cancel)), { name: 'AbortError' });
    assert.ok(abortedAt > startedAt);
    assert.ok(performance.now() - abortedAt < whole / 2, `${performance.now() - abortedAt} of ${whole} ms`);
  });

  it('finds the old rows or the new when a restore is killed at any moment', async () => {
    const large = fileOf(await sqliteSubject('SqliteBackupConnector', 'warning').large(bench.folder));
    for (const connector of ['SqliteBackupConnector', 'SqliteConnector']) {
      const { file } = await bench.dump(connector, databaseAt(large, connector));
      for (const [round, milliseconds] of [5, 30, 60, 120, 250].entries()) {
        const mode = round % 2 === 0 ? 'wal' : 'delete';
        const target = join(bench.folder, `${connector}-${round}.db`);
        using(target, (database) => void database.exec(`${sampleSql} CREATE TABLE big (x); PRAGMA journal_mode = ${mode}`));
        const dump = join(bench.scratch, 'dump');
        await copyFile(file, dump);
        await killedAfter(
          { connector, method: 'restoreDump', database: databaseAt(target, connector), path: dump, scratch: bench.scratch },
          milliseconds,
        );
        using(target, (database) => {
          assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
          const rows = database.prepare<[], number>('SELECT count(*) FROM big').pluck().get() ?? -1;
          const hasOld = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'purchase'`).get() !== undefined;
          if (connector === 'SqliteBackupConnector') assert.equal(hasOld, rows === 0);
          assert.ok(rows === 0 || rows === 320, `${rows} rows`);
        });
      }
    }
  }).timeout(60_000);
});
