import assert from 'node:assert/strict';
import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { shell, SqlDumps, using } from '../helpers/sqlDumps.ts';

/** Writes what django-dbbackup 5.4 writes, in its order, with its indexes, triggers and views once for each table as older versions did. */
function originalDump(database: Database): string {
  const objects = database
    .prepare<[], { type: string; name: string; sql: string }>(
      'SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name',
    )
    .all();
  const lines: string[] = [];
  for (const { type, name, sql } of objects) {
    if (type !== 'table') continue;
    const columns = database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(name);
    const row = columns.map((column) => `quote("${column}")`).join(`||','||`);
    lines.push(sql.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
    for (const values of database.prepare<[], string>(`SELECT ${row} FROM "${name}"`).pluck().all())
      lines.push(`INSERT OR REPLACE INTO "${name}" VALUES(${values})`);
    for (const other of objects)
      if (other.type !== 'table') lines.push(other.sql.replace(/^CREATE (INDEX|TRIGGER|VIEW)/, 'CREATE $1 IF NOT EXISTS'));
  }
  return lines.map((line) => `${line};\n`).join('');
}

describe('An SQL dump that another program wrote', () => {
  let dumps: SqlDumps;

  beforeEach(() => {
    dumps = new SqlDumps();
  });

  afterEach(() => dumps.remove());

  const schemas: Readonly<Record<string, string>> = {
    'rows of all types': `CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL, d BLOB, e);
      INSERT INTO t VALUES(1, 'it''s', 1.5, x'00ff', NULL), (2, 'two
lines' || char(13) || 'and \\n', 1e999, x'', -1e999), (-5, '', -1, NULL, 9223372036854775807), (7, CAST(x'61ff' AS TEXT), 0.1, 1, '😀);');`,
    'rowids, with --preserve-rowids': `CREATE TABLE t(a); INSERT INTO t(rowid, a) VALUES(5, 'a'), (-3, 'b');`,
    'generated columns': `CREATE TABLE t(id INTEGER PRIMARY KEY, v AS (id * 2), b); INSERT INTO t(id, b) VALUES(1, 'x');`,
    'AUTOINCREMENT and ANALYZE': `CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t VALUES(9, 'a'), (100, 'b'); DELETE FROM t WHERE id = 100; CREATE INDEX i ON t(a); ANALYZE;`,
    'triggers, views and indexes': `CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE TABLE log(id INTEGER PRIMARY KEY, m); CREATE INDEX i ON t(lower(a)) WHERE a > 1;
      CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log(m) VALUES('; END;'); SELECT CASE WHEN 1 THEN 2 END; END; CREATE VIEW v AS SELECT * FROM t; INSERT INTO t VALUES(1, 'x');`,
    'strings in double quotes': `CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT DEFAULT "x" CHECK(a <> "no")); INSERT INTO t(id) VALUES(1);`,
    'full text and R-trees': `CREATE VIRTUAL TABLE f USING fts5(title, body); INSERT INTO f VALUES('it''s', 'two
lines'); CREATE VIRTUAL TABLE g USING fts4(a); INSERT INTO g VALUES('x'); CREATE VIRTUAL TABLE "r t" USING rtree(id, x0, x1); INSERT INTO "r t" VALUES(1, 0, 1);`,
    'full text after VACUUM': `CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x'); CREATE TABLE t(id INTEGER PRIMARY KEY); VACUUM;`,
    'tables without rowid and odd names': `CREATE TABLE "se lect"("a""b" TEXT PRIMARY KEY, [c d]) WITHOUT ROWID; INSERT INTO "se lect" VALUES('x', 1); CREATE TABLE 'quo''ted'(id INTEGER PRIMARY KEY); INSERT INTO 'quo''ted' VALUES(3);`,
  };

  for (const [what, sql] of Object.entries(schemas)) {
    it(`of sqlite3 .dump brings back ${what}`, () => {
      const path = dumps.create(sql);
      const expected = sqliteContent(path);
      const dump = dumps.write(shell(path, '', what.includes('--preserve') ? '.dump --preserve-rowids' : '.dump'));
      assert.deepEqual(sqliteContent(dumps.restore(dump).path), expected);
      // Once more, over what is there now.
      const dirty = dumps.create(`${sql} CREATE TABLE other(x); INSERT INTO other VALUES(1);`);
      dumps.restore(dump, dirty);
      using(dirty, (database) => database.exec('DROP TABLE other'));
      assert.deepEqual(sqliteContent(dirty), expected);
    });
  }

  it('of a newer sqlite3 may hold unistr() and a comment first', () => {
    const dump = dumps.write(`/* WARNING: Script requires that SQLITE_DBCONFIG_DEFENSIVE be disabled */
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE t(id INTEGER PRIMARY KEY, a);
INSERT INTO t VALUES(1,unistr('two\\u000alines \\\\ and \\u0001'));
INSERT INTO t VALUES(2,NULL);
COMMIT;
`);
    const rows = using(dumps.restore(dump).path, (database) => database.prepare('SELECT * FROM t').raw().all());
    assert.deepEqual(rows, [
      [1, 'two\nlines \\ and \u0001'],
      [2, null],
    ]);
  });

  it("of Python's iterdump is read", () => {
    const dump = dumps.write(`BEGIN TRANSACTION;
CREATE TABLE "a b" (id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT);
INSERT INTO "a b" VALUES(1,'it''s
here');
INSERT INTO "a b" VALUES(7,'é');
CREATE TABLE stat(a);
CREATE INDEX i ON stat(a);
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('stat','i','1 1');
INSERT INTO "stat" VALUES(1);
CREATE TRIGGER r AFTER INSERT ON stat BEGIN SELECT 1; END;
CREATE VIEW v AS SELECT 1;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('a b',41);
COMMIT;
`);
    const restored = dumps.restore(dump);
    assert.deepEqual(restored.contents, {
      tables: [
        { name: 'a b', rows: 2 },
        { name: 'stat', rows: 1 },
      ],
      objects: { index: 1, trigger: 1, view: 1 },
    });
    assert.deepEqual(sqliteContent(restored.path).sequence, ['a b=41']);
  });

  it('of django-dbbackup is read: INSERT OR REPLACE, IF NOT EXISTS, no transaction, objects more than once, rows of virtual tables', () => {
    const path =
      dumps.create(`CREATE TABLE child (id integer PRIMARY KEY, p integer REFERENCES parent(id)); CREATE TABLE parent (id integer PRIMARY KEY);
      INSERT INTO child VALUES(1, 1), (2, 1); INSERT INTO parent VALUES(1); CREATE VIRTUAL TABLE ft USING fts5(a); INSERT INTO ft VALUES('hello');
      CREATE INDEX i ON child(p); CREATE VIEW v AS SELECT 1; CREATE TRIGGER r AFTER INSERT ON child BEGIN\n  DELETE FROM child WHERE id = NEW.id;\nEND;`);
    const dump = dumps.write(using(path, originalDump));
    const restored = dumps.restore(dump);
    using(restored.path, (database) => {
      assert.deepEqual(database.prepare('SELECT id FROM child').pluck().all(), [1, 2]);
      assert.deepEqual(database.prepare(`SELECT a FROM ft WHERE ft MATCH 'hello'`).pluck().all(), ['hello']);
      assert.deepEqual(
        database.prepare(`SELECT name FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name`).pluck().all(),
        ['i', 'r', 'v'],
      );
    });
  });

  it('may have line ends of Windows and a byte order mark', () => {
    const dump = dumps.write(
      '\ufeffPRAGMA foreign_keys=OFF;\r\nBEGIN TRANSACTION;\r\nCREATE TABLE t(a);\r\nINSERT INTO t VALUES(1);\r\nCOMMIT;\r\n',
    );
    assert.deepEqual(dumps.restore(dump).contents.tables, [{ name: 't', rows: 1 }]);
  });

  it('leaves AUTOINCREMENT of other tables alone', () => {
    const dump =
      dumps.write(`BEGIN; CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES(3); DELETE FROM sqlite_sequence;
      INSERT INTO sqlite_sequence VALUES('t',30),('kept',1),('gone',5); UPDATE sqlite_sequence SET seq=31 WHERE name='t'; COMMIT;`);
    const target = dumps.create(
      `CREATE TABLE kept(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO kept VALUES(77); CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES(500);`,
    );
    dumps.restore(dump, target);
    assert.deepEqual(sqliteContent(target).sequence, ['kept=77', 't=31']);
  });

  it('may use functions in a CHECK that only its application has', () => {
    const virtual = shell(
      dumps.create(`CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES('x');`),
      '',
      '.dump',
    ).toString();
    const dump = dumps.write(
      virtual.replace(
        'BEGIN TRANSACTION;',
        `BEGIN; CREATE TABLE t(a TEXT CHECK(a REGEXP 'x+'), b CHECK(django_power(b, 2) > "c")); INSERT INTO t VALUES('xx',1);`,
      ),
    );
    const restored = dumps.restore(dump).path;
    const content = sqliteContent(restored);
    assert.ok(
      content.schema.includes(`table t on t: CREATE TABLE t(a TEXT CHECK(a REGEXP 'x+'), b CHECK(django_power(b, 2) > "c"))`),
    );
    assert.deepEqual(sqliteContent(dumps.restore(dumps.dump(restored).path).path), content);
  });

  it('between databases of different encodings keeps a NUL, and refuses bytes that are no text', () => {
    const utf16 = dumps.fill((database) => {
      database.pragma(`encoding = 'UTF-16le'`);
      database.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES(1, 'ä' || char(0) || '😀'), (2, 'plain')`);
    });
    const utf8 = dumps.create('CREATE TABLE other(a);');
    dumps.restore(dumps.dump(utf16).path, utf8);
    assert.deepEqual(
      using(utf8, (database) => database.prepare('SELECT a FROM t').pluck().all()),
      ['ä\0😀', 'plain'],
    );
    dumps.restore(dumps.dump(utf8).path, utf16);
    assert.deepEqual(
      using(utf16, (database) => database.prepare('SELECT a FROM t').pluck().all()),
      ['ä\0😀', 'plain'],
    );
    const bad = dumps.create(`CREATE TABLE t(a); INSERT INTO t VALUES(CAST(x'ff' AS TEXT));`);
    assert.throws(() => dumps.restore(dumps.dump(bad).path, utf16), { code: 'sqlite.statement' });
  });
});
