import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Database } from 'better-sqlite3';
import { codeOf } from '../../src/connectors/sqlite/failures.ts';
import { Partner } from '../../src/connectors/sqlite/sql/partner.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { SqlDumps, using } from '../helpers/sqlDumps.ts';

describe('A dump of SQLite by two threads', () => {
  let dumps: SqlDumps;
  let partner: Partner | undefined;

  beforeEach(() => {
    dumps = new SqlDumps();
  });

  afterEach(() => {
    partner?.close();
    partner = undefined;
    dumps.remove();
  });

  /** A partner that has opened the database; nobody commits meanwhile. */
  function partnerOf(path: string, encoding: 'UTF-8' | 'UTF-16le' = 'UTF-8'): Partner {
    partner = new Partner({ path, encoding });
    for (const deadline = performance.now() + 20_000; !partner.isThere;) assert.ok(performance.now() < deadline, 'it came');
    return partner;
  }

  /** Counts the stretches that the partner was given. */
  function counted(found: Partner): { stretches: number } {
    const count = { stretches: 0 };
    const begin = found.begin.bind(found);
    found.begin = (stretch) => {
      count.stretches += 1;
      begin(stretch);
    };
    return count;
  }

  function fillMany(database: Database): void {
    database.exec(`
      CREATE TABLE a(id INTEGER PRIMARY KEY, t TEXT, n, g AS (id * 2) STORED);
      CREATE TABLE b(t);
      CREATE TABLE k(t PRIMARY KEY, n) WITHOUT ROWID;
      CREATE TABLE few(n);
      INSERT INTO few VALUES(1);
    `);
    const a = database.prepare('INSERT INTO a(id, t, n) VALUES(?, ?, ?)');
    const b = database.prepare('INSERT INTO b(rowid, t) VALUES(?, ?)');
    const k = database.prepare('INSERT INTO k VALUES(?, ?)');
    database.transaction(() => {
      for (let count = 0; count < 40_000; count += 1) {
        const text = count % 5000 === 7 ? `it's \0 a 'NUL' in ${count}` : `row's ${count} ${'x'.repeat(count % 90)}`;
        a.run(count < 20_000 ? count : count * 1000, text, count / 7);
        b.run(-count, count % 1000 === 1 ? Buffer.alloc(9000 + count, count) : count);
        if (count % 10 === 0) k.run(text, count);
      }
      for (const at of [3000, 3001, 25_000, 39_999]) b.run(-100_000 - at, 'y'.repeat(5_000_000));
    })();
  }

  for (const encoding of ['UTF-8', 'UTF-16le'] as const) {
    it(`holds every row once and in order, in ${encoding}`, () => {
      const path = dumps.fill((database) => {
        database.exec(`PRAGMA encoding = '${encoding}'`);
        fillMany(database);
      });
      const two = partnerOf(path, encoding);
      const count = counted(two);
      const dumped = dumps.dump(path, [], two);
      assert.ok(count.stretches > 3, `${count.stretches} stretches`);
      assert.deepEqual(rowsOf(dumped.text), rowsOf(dumps.dump(path).text));
      assert.deepEqual(sqliteContent(dumps.restore(dumped.path).path), sqliteContent(path));
      assert.equal(dumped.contents.tables.find(({ name }) => name === 'b')?.rows, 40_004);
    });
  }

  it('becomes one by a single thread when somebody commits while the second one begins', () => {
    for (const mode of ['WAL', 'DELETE']) {
      const path = dumps.fill((database) => {
        database.pragma(`journal_mode = ${mode}`);
        fillMany(database);
      });
      using(path, (other) => {
        partner = new Partner({ path, encoding: 'UTF-8' });
        const count = counted(partner);
        other.exec('INSERT INTO few VALUES(2)');
        let dumped = dumps.dump(path, [], partner);
        for (const deadline = performance.now() + 20_000; partner.state === 'opening';) {
          assert.ok(performance.now() < deadline, 'it came');
          dumped = dumps.dump(path, [], partner);
        }
        assert.equal(partner.state, 'gone');
        assert.equal(count.stretches, 0);
        assert.equal(dumped.contents.tables.find(({ name }) => name === 'few')?.rows, 2);
      });
    }
  });

  it('fails as SQLite does when the second one finds damage', () => {
    const path = dumps.fill((database) => {
      database.exec('CREATE TABLE a(id INTEGER PRIMARY KEY, t)');
      const insert = database.prepare('INSERT INTO a(t) VALUES(?)');
      database.transaction(() => {
        for (let count = 0; count < 40_000; count += 1) insert.run('x'.repeat(100));
      })();
    });
    const two = partnerOf(path);
    const begin = two.begin.bind(two);
    const finish = two.finish.bind(two);
    let isDamaged = false;
    let found: unknown;
    two.begin = (stretch) => {
      // About 36 rows lie on a page: what is overwritten belongs to the second thread alone.
      const [first, last] = [Number(stretch.first) / 36 + 20, Number(stretch.end) / 36 - 20];
      const file = openSync(path, 'r+');
      for (let page = Math.ceil(first); page < last && first > 100; page += 1) {
        writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
        isDamaged = true;
      }
      closeSync(file);
      begin(stretch);
    };
    two.finish = (output) => {
      try {
        return finish(output);
      } catch (error) {
        found = error;
        throw error;
      }
    };
    assert.throws(
      () => dumps.dump(path, [], two),
      (error) => error === found && codeOf(error).startsWith('SQLITE_CORRUPT'),
    );
    assert.ok(isDamaged);
  });

  it('ends both in its middle, and leaves no WAL', () => {
    const path = dumps.fill(fillMany);
    using(path, (database) => database.pragma('journal_mode = WAL'));
    using(path, (database) => {
      database.prepare('SELECT 1 FROM few').get();
      const two = partnerOf(path);
      two.begin = () => {
        throw new Error('in the middle');
      };
      assert.throws(() => dumps.dump(path, [], two), /in the middle/);
      two.close();
    });
    assert.equal(existsSync(`${path}-wal`), false);
  });

  function rowsOf(text: string): readonly string[] {
    return text
      .split('\n')
      .filter((line) => !/^(INSERT INTO|-- (contents|end))/.test(line))
      .map((line) => line.replace(/[,;]$/, ''));
  }
});
