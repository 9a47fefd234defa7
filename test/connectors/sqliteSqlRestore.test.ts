import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { restoreSql } from '../../src/connectors/sqlite/sql/restore.ts';
import { sniffSql, verifySql } from '../../src/connectors/sqlite/sql/verify.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { shell, SqlDumps, silent, using } from '../helpers/sqlDumps.ts';

const shop = `CREATE TABLE customer(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE);
  CREATE TABLE purchase(id INTEGER PRIMARY KEY, customer REFERENCES customer(id), note TEXT);
  INSERT INTO customer VALUES(1, 'Ada'), (2, 'Bob; END;');
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO purchase SELECT i, 1 + i % 2, 'note ' || i FROM n;
  CREATE INDEX by_customer ON purchase(customer);
  CREATE TRIGGER r AFTER INSERT ON purchase BEGIN UPDATE customer SET name = name || ';' WHERE id = NEW.customer; END;
  CREATE VIEW v AS SELECT name FROM customer;
  CREATE VIRTUAL TABLE f USING fts5(note); INSERT INTO f VALUES('hello');`;

describe('Restoring an SQL dump', () => {
  let dumps: SqlDumps;

  beforeEach(() => {
    dumps = new SqlDumps();
  });

  afterEach(() => dumps.remove());

  it('replaces what the dump holds and leaves all else', () => {
    const path = dumps.create(shop);
    const expected = sqliteContent(path);
    const dump = dumps.dump(path).path;
    shell(
      path,
      `DROP TRIGGER r; DELETE FROM purchase WHERE id > 10; INSERT INTO customer(name) VALUES('later'); DROP VIEW v; CREATE TABLE v(was_a_view); DROP INDEX by_customer;
       ALTER TABLE purchase ADD COLUMN more; CREATE INDEX extra ON purchase(more); INSERT INTO f VALUES('later');
       CREATE TABLE kept(a); INSERT INTO kept VALUES(1); CREATE INDEX by_customer ON kept(a); CREATE INDEX kept_index ON kept(a); CREATE VIEW kept_view AS SELECT * FROM purchase; CREATE TRIGGER kept_trigger AFTER INSERT ON kept BEGIN SELECT 1; END; DROP TABLE v;`,
    );
    dumps.restore(dump, path);
    const names = using(path, (database) =>
      database.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE 'kept%' ORDER BY name`).pluck().all(),
    );
    assert.deepEqual(names, ['kept', 'kept_index', 'kept_trigger', 'kept_view']);
    shell(path, 'DROP TABLE kept; DROP VIEW kept_view');
    assert.deepEqual(sqliteContent(path), expected);
  });

  it('replaces a view by a table of the dump, and the other way round only where no table is lost', () => {
    const dump = dumps.dump(dumps.create('CREATE TABLE a(x); INSERT INTO a VALUES(1); CREATE VIEW b AS SELECT 2 AS y;')).path;
    const path = dumps.create('CREATE VIEW a AS SELECT 1; CREATE VIEW b AS SELECT 3;');
    dumps.restore(dump, path);
    assert.deepEqual(
      using(path, (database) => database.prepare('SELECT x, y FROM a, b').raw().all()),
      [[1, 2]],
    );
    const other = dumps.create('CREATE TABLE b(x); INSERT INTO b VALUES(1);');
    const before = sqliteContent(other);
    assert.throws(() => dumps.restore(dump, other), { code: 'sqlite.statement' });
    assert.deepEqual(sqliteContent(other), before);
  });

  it('goes over a target whose virtual tables come in the other order', () => {
    const first = dumps.create(
      `CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x'); CREATE VIRTUAL TABLE f_x USING fts5(a);`,
    );
    const vacuumed = dumps.create(`CREATE VIRTUAL TABLE f USING fts5(a, b); CREATE VIRTUAL TABLE f_x USING fts5(b); VACUUM;`);
    const expected = [sqliteContent(first), sqliteContent(vacuumed)];
    const dump = [dumps.dump(first).path, dumps.dump(vacuumed).path];
    const foreign = [dumps.write(shell(first, '', '.dump')), dumps.write(shell(vacuumed, '', '.dump'))];
    for (const files of [dump, foreign]) {
      dumps.restore(files[1] ?? '', first);
      dumps.restore(files[0] ?? '', vacuumed);
      assert.deepEqual([sqliteContent(vacuumed), sqliteContent(first)], expected);
      dumps.restore(files[0] ?? '', first);
      dumps.restore(files[1] ?? '', vacuumed);
    }
  });

  it('undoes everything when it is cancelled, at whatever statement', () => {
    const path = dumps.create(shop);
    const dump = dumps.dump(path).path;
    shell(path, `DELETE FROM purchase; DROP TABLE f; CREATE TABLE kept(a);`);
    const before = sqliteContent(path);
    const reason = new Error('cancelled');
    let calls = 1;
    for (let isDone = false; !isDone && calls < 200; calls += 3) {
      let left = calls;
      const checkpoint = (): void => {
        left -= 1;
        if (left === 0) throw reason;
      };
      try {
        using(path, (database) => restoreSql(database, dump, { ...silent, checkpoint }));
        isDone = true;
      } catch (error) {
        assert.equal(error, reason);
        assert.deepEqual(sqliteContent(path), before);
      }
    }
    assert.ok(calls > 10 && calls < 200);
  });

  it('leaves the old rows when a statement fails, and says which', () => {
    const path = dumps.create(shop);
    const before = sqliteContent(path);
    const dump = dumps.write(
      `BEGIN; CREATE TABLE customer(id INTEGER PRIMARY KEY, name UNIQUE); INSERT INTO customer VALUES(1, 'x'); INSERT INTO customer VALUES(2, 'x'); COMMIT;`,
    );
    assert.throws(() => dumps.restore(dump, path), {
      code: 'sqlite.statement',
      message: /statements 3 to 4 of the dump failed: UNIQUE constraint/,
    });
    assert.deepEqual(sqliteContent(path), before);
  });

  it('shows other connections the old rows until all is done', () => {
    const path = dumps.create(`PRAGMA journal_mode = WAL; ${shop}`);
    const dump = dumps.dump(path).path;
    using(path, (database) => database.exec('DELETE FROM purchase'));
    const reader = new SqliteDatabase(path, { readonly: true });
    const count = reader.prepare<[], number>('SELECT count(*) FROM purchase').pluck();
    const seen = new Set<number | undefined>();
    using(path, (database) => restoreSql(database, dump, { ...silent, checkpoint: () => void seen.add(count.get()) }));
    assert.deepEqual([...seen], [0]);
    assert.equal(count.get(), 3000);
    assert.deepEqual(reader.prepare(`SELECT note FROM f WHERE f MATCH 'hello'`).pluck().all(), ['hello']);
    reader.close();
  });

  it('passes SQLite’s own error on when the target is locked', () => {
    const path = dumps.create(shop);
    const dump = dumps.dump(path).path;
    using(path, (other) => {
      other.exec('BEGIN IMMEDIATE');
      const database = new SqliteDatabase(path, { timeout: 0 });
      assert.throws(() => restoreSql(database, dump, silent), { code: 'SQLITE_BUSY' });
      database.close();
    });
  });

  it('leaves the connection as it was: foreign keys, checks, protection of the schema', () => {
    const dump = dumps.dump(dumps.create(shop)).path;
    using(dumps.path('db'), (database) => {
      assert.equal(database.pragma('foreign_keys', { simple: true }), 1);
      restoreSql(database, dump, silent);
      assert.equal(database.pragma('foreign_keys', { simple: true }), 1);
      assert.equal(database.pragma('ignore_check_constraints', { simple: true }), 0);
      database.pragma('writable_schema = ON');
      assert.throws(() => database.exec('DELETE FROM sqlite_schema'), { code: 'SQLITE_ERROR' });
    });
  });

  it('tells how far it is, in bytes and rows', () => {
    const dump = dumps.dump(dumps.create(shop));
    const seen: { bytes: number; rows: number }[] = [];
    using(dumps.path('db'), (database) =>
      restoreSql(database, dump.path, { ...silent, progress: (done) => void seen.push(done) }),
    );
    assert.equal(seen.at(-1)?.bytes, dump.text.length);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a.bytes - b.bytes || a.rows - b.rows),
    );
  });

  describe('with foreign keys', () => {
    const family = `CREATE TABLE parent(id INTEGER PRIMARY KEY); CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent(id));`;

    it('refuses to tear rows of the dump from rows that stay', () => {
      const source = dumps.create(`${family} INSERT INTO parent VALUES(1), (2); INSERT INTO child VALUES(1, 1), (2, 2);`);
      const dump = dumps.dump(source, ['parent']).path;
      shell(source, 'DELETE FROM parent WHERE id = 2; DELETE FROM child;');
      const before = sqliteContent(source);
      assert.throws(() => dumps.restore(dump, source), { code: 'sqlite.foreignKeys' });
      assert.deepEqual(sqliteContent(source), before);
    });

    it('refuses to tear rows that stay from rows of the dump', () => {
      const source = dumps.create(`${family} INSERT INTO parent VALUES(1);`);
      const dump = dumps.dump(source, ['child']).path;
      shell(source, 'INSERT INTO parent VALUES(2); INSERT INTO child VALUES(5, 2);');
      assert.throws(() => dumps.restore(dump, source), { code: 'sqlite.foreignKeys' });
    });

    it('keeps what was torn where the dump was made, with a warning', () => {
      const source = dumps.create(`${family} INSERT INTO child VALUES(1, 99), (2, 98);`);
      const restored = dumps.restore(dumps.dump(source).path);
      assert.match(restored.warnings.join(), /2 rows of child refer to rows of parent/);
      assert.deepEqual(sqliteContent(restored.path), sqliteContent(source));
    });

    it('does not mind what was torn in the target before, nor a parent that was excluded and is nowhere', () => {
      const source = dumps.create(
        `${family} INSERT INTO parent VALUES(1); INSERT INTO child VALUES(1, 1); CREATE TABLE other(a); INSERT INTO other VALUES(1);`,
      );
      const torn = dumps.create(`${family} INSERT INTO child VALUES(5, 55); CREATE TABLE other(a);`);
      assert.equal(dumps.restore(dumps.dump(source, ['parent', 'child']).path, torn).warnings.length, 1);
      assert.equal(dumps.restore(dumps.dump(source, ['parent']).path).warnings.length, 1);
    });

    it('checks keys that only an index of the dump makes possible, and leaves out those that nothing does', () => {
      const good = dumps.create(
        `CREATE TABLE parent(code); CREATE UNIQUE INDEX u ON parent(code); CREATE TABLE child(p REFERENCES parent(code)); INSERT INTO parent VALUES('x'); INSERT INTO child VALUES('x');`,
      );
      assert.deepEqual(dumps.restore(dumps.dump(good).path).warnings, []);
      const bad = dumps.create(
        `CREATE TABLE parent(code); CREATE TABLE child(p REFERENCES parent(code)); INSERT INTO child VALUES('x');`,
      );
      assert.deepEqual(dumps.restore(dumps.dump(bad).path).warnings, []);
    });
  });

  describe('that is cut or changed', () => {
    it('refuses every cut of a dump of ours, and Verify does so without reading it all', () => {
      const text = readFileSync(dumps.dump(dumps.create(shop)).path);
      const target = dumps.create('CREATE TABLE purchase(a); INSERT INTO purchase VALUES(1);');
      const before = sqliteContent(target);
      const lines = [...text.toString('latin1').matchAll(/\n/g)].map(({ index }) => index + 1);
      const cuts = new Set([
        1,
        40,
        ...Array.from({ length: 60 }, (_, at) => Math.floor((text.length * at) / 60)),
        ...lines.slice(0, 20),
        ...lines.slice(-20, -1),
        text.length - 1,
      ]);
      for (const cut of cuts) {
        const dump = dumps.write(text.subarray(0, cut));
        const codes = { name: 'BackupError', code: /^(dumps\.(empty|truncated|damaged)|sqlite\.statementRefused)$/ };
        assert.throws(() => verifySql(dump, 'quick', silent.checkpoint), codes, `verify, cut at ${cut}`);
        assert.throws(() => verifySql(dump, 'full', silent.checkpoint), codes, `verify fully, cut at ${cut}`);
        assert.throws(() => dumps.restore(dump, target), codes, `restore, cut at ${cut}`);
      }
      const garbage = dumps.write(Buffer.concat([text, Buffer.alloc(4096, 'x')]));
      assert.throws(() => verifySql(garbage, 'quick', silent.checkpoint), { code: 'dumps.truncated' });
      assert.deepEqual(sqliteContent(target), before);
    });

    it('refuses every cut of a dump of sqlite3', () => {
      const text = shell(dumps.create(shop), '', '.dump');
      for (let cut = 1; cut < text.length - 2; cut += Math.ceil(text.length / 60)) {
        const dump = dumps.write(text.subarray(0, cut));
        assert.throws(() => verifySql(dump, 'quick', silent.checkpoint), { name: 'BackupError' }, `cut at ${cut}`);
        assert.throws(() => dumps.restore(dump), { name: 'BackupError' }, `cut at ${cut}`);
      }
    });

    it('refuses 200 changed bits in a dump of ours', () => {
      const text = readFileSync(dumps.dump(dumps.create(shop)).path);
      const expected = sqliteContent(dumps.restore(dumps.write(text)).path);
      const target = dumps.restore(dumps.write(text)).path;
      for (let count = 0; count < 200; count += 1) {
        const changed = Buffer.from(text);
        const at = Math.floor((text.length * (count + 0.5)) / 200);
        changed[at] = (changed[at] ?? 0) ^ (1 << (count % 8));
        const dump = dumps.write(changed);
        assert.throws(() => verifySql(dump, 'full', silent.checkpoint), { name: 'BackupError' }, `bit at ${at}`);
        if (count % 20 === 0) assert.throws(() => dumps.restore(dump, target), { name: 'BackupError' }, `bit at ${at}`);
      }
      assert.deepEqual(sqliteContent(target), expected);
    });

    it('refuses a dump without a statement', () => {
      for (const text of ['', '\n', '-- nothing\n', ';']) {
        assert.throws(() => dumps.restore(dumps.write(text)), { code: 'dumps.empty' });
        assert.throws(() => verifySql(dumps.write(text), 'quick', silent.checkpoint), { code: 'dumps.empty' });
      }
    });
  });

  it('is verified to hold what was dumped, at both levels, whoever wrote it', () => {
    const path = dumps.create(shop);
    const dump = dumps.dump(path);
    assert.deepEqual(verifySql(dump.path, 'quick', silent.checkpoint), dump.contents);
    assert.deepEqual(verifySql(dump.path, 'full', silent.checkpoint), dump.contents);
    const foreign = verifySql(dumps.write(shell(path, '', '.dump')), 'quick', silent.checkpoint);
    assert.deepEqual(foreign.objects, dump.contents.objects);
    assert.deepEqual(
      foreign.tables,
      dump.contents.tables.map(({ name, rows }) => (name === 'f' || rows === undefined ? { name } : { name, rows })),
    );
  });

  it('can be cancelled while a dump is verified', () => {
    const dump = dumps.dump(dumps.create(shop)).path;
    const reason = new Error('cancelled');
    assert.throws(
      () =>
        verifySql(dump, 'full', () => {
          throw reason;
        }),
      reason,
    );
  });

  describe('is offered', () => {
    const heads: Readonly<Record<string, string>> = {
      'of sqlite3 .dump': 'PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\n',
      'of a newer sqlite3 .dump':
        '/* WARNING: Script requires that SQLITE_DBCONFIG_DEFENSIVE be disabled */\nPRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n',
      "of Python's iterdump": 'BEGIN TRANSACTION;\nCREATE TABLE "t"(a);\n',
      'of django-dbbackup':
        'CREATE TABLE IF NOT EXISTS "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150));\n',
      'with a byte order mark': '\ufeffBEGIN;CREATE TABLE t(a);',
    };
    for (const [what, head] of Object.entries(heads)) it(`for a dump ${what}`, () => assert.ok(sniffSql(Buffer.from(head))));

    const others: Readonly<Record<string, string | Buffer>> = {
      PostgreSQL: '--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\nSET statement_timeout = 0;\n',
      'PostgreSQL without comments': 'SET statement_timeout = 0;\nCREATE TABLE public.t (id bigint);\n',
      MySQL: '-- MySQL dump 10.13  Distrib 8.0.36, for Linux\n--\n/*!40101 SET NAMES utf8mb4 */;\nDROP TABLE IF EXISTS `t`;\n',
      'MySQL without comments': 'CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB;\n',
      MariaDB: '/*M!999999\\- enable the sandbox mode */\n-- MariaDB dump 10.19\n',
      JSON: '[{"model": "auth.user", "pk": 1}]',
      'an SQLite file': Buffer.from('SQLite format 3\0\x10\0\x01\x01'),
      gzip: Buffer.from([0x1f, 0x8b, 8, 0]),
      nothing: '',
      prose: 'Create a table, please.',
    };
    for (const [what, head] of Object.entries(others)) it(`not for ${what}`, () => assert.ok(!sniffSql(Buffer.from(head))));

    it('for a dump of ours, cut or not', () => {
      const text = readFileSync(dumps.dump(dumps.create(shop)).path);
      assert.ok(sniffSql(text.subarray(0, 4096)));
      assert.ok(sniffSql(text.subarray(0, 100)));
    });
  });
});
