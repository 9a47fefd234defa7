import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { verifySql } from '../../src/connectors/sqlite/sql/verify.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { shell, SqlDumps, silent, using } from '../helpers/sqlDumps.ts';

describe('A hostile SQL dump', () => {
  let dumps: SqlDumps;

  beforeEach(() => {
    dumps = new SqlDumps();
  });

  afterEach(() => dumps.remove());

  const table = 'CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 2);';

  /** Statements that must not run; FILE stands for a file that they would create. */
  const refused: readonly string[] = [
    `ATTACH 'FILE' AS x`,
    `ATTACH DATABASE 'FILE' AS x`,
    'DETACH main',
    'VACUUM',
    `VACUUM INTO 'FILE'`,
    'DROP TABLE kept',
    'DROP TABLE IF EXISTS t',
    'DROP TRIGGER guard',
    'ALTER TABLE kept RENAME TO gone',
    'REINDEX',
    'SAVEPOINT s',
    'RELEASE s',
    `SELECT load_extension('FILE')`,
    `SELECT writefile('FILE', 'x')`,
    'EXPLAIN INSERT INTO t VALUES(1, 2)',
    'WITH x(a) AS (SELECT 1) INSERT INTO t SELECT a, a FROM x',
    'REPLACE INTO t VALUES(1, 2)',
    'INSERT OR IGNORE INTO t VALUES(1, 2)',
    'INSERT INTO t SELECT * FROM kept',
    'INSERT INTO t DEFAULT VALUES',
    'INSERT INTO t VALUES((SELECT a FROM kept), 1)',
    `INSERT INTO t VALUES(load_extension('FILE'), 1)`,
    `INSERT INTO t VALUES(1, writefile('FILE', 'x'))`,
    'INSERT INTO t VALUES(randomblob(100000000), 1)',
    'INSERT INTO t VALUES(1, sqlite_version())',
    'INSERT INTO t VALUES(a, b)',
    'INSERT INTO t VALUES("a", 1)',
    'INSERT INTO t VALUES(?, 1)',
    'INSERT INTO t VALUES(:a, 1)',
    'INSERT INTO t VALUES(1, 2) ON CONFLICT DO UPDATE SET a = 3',
    'INSERT INTO t VALUES(1, 2) RETURNING a',
    'INSERT INTO t VALUES(1, 2), (3, 4) UNION SELECT 1, 2',
    'INSERT INTO t VALUES(1, 2 COLLATE x)',
    'INSERT INTO t VALUES(1 || 2, 3)',
    'INSERT INTO t VALUES(1, CASE WHEN 1 THEN 2 END)',
    'INSERT INTO t VALUES(1, 2) -- \n , (SELECT 1, 2)',
    'INSERT INTO t VALUES(1, 2)\0, (3, 4)',
    `INSERT INTO t VALUES(1, 'a\0b')`,
    'INSERT INTO main.t VALUES(1, 2)',
    'INSERT INTO kept VALUES(9)',
    'INSERT INTO "KEPT" VALUES(9)',
    'INSERT INTO gone VALUES(9)',
    'INSERT INTO kept_view VALUES(9)',
    'UPDATE kept SET a = 9',
    'UPDATE t SET a = 9',
    'UPDATE sqlite_sequence SET seq = (SELECT 1)',
    `UPDATE sqlite_sequence SET name = 'x' WHERE name = 't'`,
    'UPDATE sqlite_schema SET sql = NULL',
    'DELETE FROM kept',
    'DELETE FROM sqlite_schema',
    'DELETE FROM sqlite_sequence WHERE (SELECT 1)',
    `INSERT INTO sqlite_sequence VALUES('kept', (SELECT 1))`,
    `INSERT INTO sqlite_sequence SELECT * FROM kept`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','x','x',2,'CREATE TABLE x(a)')`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','x','x',0,'CREATE TABLE x(a)')`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('trigger','x','kept',0,'CREATE TRIGGER x AFTER INSERT ON kept BEGIN SELECT 1; END')`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','x','x',0,'CREATE VIRTUAL TABLE y USING fts5(a)')`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','x','kept',0,'CREATE VIRTUAL TABLE x USING fts5(a)')`,
    `INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table','x','x',0,'CREATE VIRTUAL TABLE x USING dbstat(main)')`,
    `INSERT INTO sqlite_master VALUES('table','x','x',0,'CREATE VIRTUAL TABLE x USING fts5(a)')`,
    `INSERT INTO sqlite_stat2 VALUES('t','i','1')`,
    'CREATE VIRTUAL TABLE x USING dbstat(main)',
    `CREATE VIRTUAL TABLE x USING csv(filename = 'FILE')`,
    'CREATE VIRTUAL TABLE temp.x USING fts5(a)',
    'CREATE TABLE copied AS SELECT * FROM kept',
    'CREATE TABLE main.x(a)',
    'CREATE TABLE temp.x(a)',
    'CREATE TEMP TABLE x(a)',
    'CREATE TEMP TRIGGER x AFTER INSERT ON kept BEGIN DELETE FROM kept; END',
    'CREATE TEMPORARY VIEW x AS SELECT 1',
    'CREATE TABLE sqlite_mine(a)',
    'CREATE TRIGGER main.x AFTER INSERT ON kept BEGIN DELETE FROM kept; END',
    'CREATE TRIGGER x AFTER INSERT ON kept BEGIN DELETE FROM kept; END',
    'CREATE INDEX x ON kept(a)',
    'PRAGMA journal_mode = OFF',
    'PRAGMA trusted_schema = ON',
    'PRAGMA main.user_version = 1',
    'PRAGMA user_version',
    `PRAGMA user_version = 'x'`,
    'PRAGMA temp_store_directory = "FILE"',
    `PRAGMA encoding = 'UTF-7'`,
    'PRAGMA schema_version = 1',
    '.shell touch FILE',
    `.read FILE`,
    'garbage',
    ')',
  ];

  for (const statement of refused) {
    it(`cannot run ${JSON.stringify(statement)}`, () => {
      const created = join(dumps.folder, 'created');
      const target = dumps.create(
        'CREATE TABLE kept(a); INSERT INTO kept VALUES(1); CREATE VIEW kept_view AS SELECT a FROM kept; CREATE TRIGGER guard AFTER DELETE ON kept BEGIN SELECT 1; END; CREATE TABLE t(old); INSERT INTO t VALUES(1);',
      );
      const before = sqliteContent(target);
      const dump = dumps.write(`BEGIN; ${table} ${statement.replace('FILE', created)};\nCOMMIT;\n`);
      assert.throws(() => dumps.restore(dump, target), { name: 'BackupError', code: 'sqlite.statementRefused' });
      assert.deepEqual(sqliteContent(target), before);
      assert.ok(!existsSync(created));
      assert.equal(readdirSync(dumps.folder).length, 2);
    });
  }

  it('cannot hide a statement from the splitter', () => {
    const hidden = [
      `INSERT INTO t VALUES(1, 2); /* ; */ DELETE FROM kept; -- ' \n`,
      `INSERT INTO t VALUES('/*', 2); DELETE FROM kept; INSERT INTO t VALUES('*/', 2);`,
      `CREATE VIEW v AS SELECT [x'] FROM t; DELETE FROM kept; CREATE VIEW w AS SELECT [x'];`,
      'CREATE VIEW v AS SELECT `"` FROM t; DELETE FROM kept; CREATE VIEW w AS SELECT `"`;',
      `CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; DELETE FROM kept;`,
      `CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END /* END; */ ; DELETE FROM kept;`,
      `CREATE /* TRIGGER */ VIEW v AS SELECT 1; DELETE FROM kept;`,
      `CREATE TABLE x(a); --\\\n DELETE FROM kept;`,
      `;;; ; DELETE FROM kept;`,
    ];
    for (const sql of hidden) {
      const target = dumps.create('CREATE TABLE kept(a); INSERT INTO kept VALUES(1);');
      assert.throws(() => dumps.restore(dumps.write(`${table} ${sql}`), target), { code: 'sqlite.statementRefused' }, sql);
      assert.equal(
        using(target, (database) => database.prepare('SELECT count(*) FROM kept').pluck().get()),
        1,
      );
    }
  });

  it('cannot make its own triggers fire, wherever it creates them', () => {
    const target = dumps.create('CREATE TABLE kept(a); INSERT INTO kept VALUES(1);');
    const dump = dumps.write(`CREATE TABLE t(a);
      CREATE TRIGGER r BEFORE INSERT ON t BEGIN DELETE FROM kept; END;
      CREATE VIEW v AS SELECT 1 AS a;
      INSERT INTO t VALUES(1);`);
    dumps.restore(dump, target);
    assert.equal(
      using(target, (database) => database.prepare('SELECT count(*) FROM kept').pluck().get()),
      1,
    );
    const intoView = dumps.write(`CREATE TABLE t(a); CREATE VIEW v AS SELECT 1 AS a;
      CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN DELETE FROM kept; END; INSERT INTO v VALUES(1);`);
    assert.throws(() => dumps.restore(intoView, target), { code: 'sqlite.statementRefused' });
  });

  it('cannot replace a table by a view, nor tables behind a virtual table that it does not bring', () => {
    const target = dumps.create(`CREATE TABLE kept(a); CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x');`);
    const before = sqliteContent(target);
    assert.throws(() => dumps.restore(dumps.write('CREATE TABLE t(a); CREATE VIEW kept AS SELECT 1;'), target), {
      code: 'sqlite.statement',
    });
    assert.throws(() => dumps.restore(dumps.write('CREATE TABLE f_data(id INTEGER PRIMARY KEY, block);'), target), {
      code: 'sqlite.statement',
    });
    const twice = `CREATE VIRTUAL TABLE y USING fts5(a); CREATE VIRTUAL TABLE Y USING fts5(a);`;
    assert.throws(() => dumps.restore(dumps.write(twice), target), { code: 'sqlite.statementRefused' });
    const overTable = `CREATE TABLE y(a); CREATE VIRTUAL TABLE y USING fts5(a);`;
    assert.throws(() => dumps.restore(dumps.write(overTable), target), { code: 'sqlite.statementRefused' });
    const without = `CREATE VIRTUAL TABLE y USING fts5(a);`;
    assert.throws(() => dumps.restore(dumps.write(without), target), { code: 'sqlite.statement' });
    assert.deepEqual(sqliteContent(target), before);
  });

  it('is refused by Verify as by Restore', () => {
    for (const statement of refused.filter((sql) => !/kept|gone|UTF-7/i.test(sql))) {
      const dump = dumps.write(`BEGIN; ${table} ${statement};\nCOMMIT;\n`);
      assert.throws(() => verifySql(dump, 'full', silent.checkpoint), { code: 'sqlite.statementRefused' }, statement);
    }
  });

  it('with an error of sqlite3 .dump in it is refused', () => {
    const dump = dumps.write(
      `BEGIN TRANSACTION; ${table} /**** ERROR: (11) database disk image is malformed *****/ ROLLBACK; -- due to errors\n`,
    );
    assert.throws(() => dumps.restore(dump), { code: 'dumps.damaged' });
    assert.throws(() => verifySql(dump, 'quick', silent.checkpoint), { code: 'dumps.damaged' });
  });

  it('with a second transaction, or statements behind its COMMIT, is refused', () => {
    for (const sql of [
      `BEGIN; ${table} COMMIT; CREATE TABLE u(a);`,
      `BEGIN; BEGIN; ${table} COMMIT;`,
      `BEGIN; ${table} COMMIT; BEGIN; COMMIT;`,
    ]) {
      assert.throws(() => dumps.restore(dumps.write(sql)), { code: 'dumps.damaged' });
    }
  });

  it('does not get its own words into the sentence that a user sees', () => {
    const dump = dumps.write('CREATE TABLE t(a); [click](command:evil) $(rm);');
    assert.throws(
      () => dumps.restore(dump),
      (error: Error) => !/[[\]()$]/.test(error.message),
    );
    const failing = dumps.write('CREATE TABLE t("[click](command:evil)" UNIQUE); INSERT INTO t VALUES(1),(1);');
    assert.throws(
      () => dumps.restore(failing),
      (error: Error) => !/[[\]()$]/.test(error.message),
    );
  });

  it('that is an ordinary one runs', () => {
    assert.doesNotThrow(() => dumps.restore(dumps.write(shell(dumps.create(table), '', '.dump'))));
  });
});
