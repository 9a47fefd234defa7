import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as z from 'zod';
import { verifySql } from '../../src/connectors/sqlite/sql/verify.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { shell, SqlDumps, silent } from '../helpers/sqlDumps.ts';

const memorySchema = z.object({ dumpBytes: z.number(), restoreBytes: z.number(), isSame: z.boolean() });

describe('Where SQL dumps of SQLite go wrong elsewhere', () => {
  let dumps: SqlDumps;

  beforeEach(() => {
    dumps = new SqlDumps();
  });

  afterEach(() => dumps.remove());

  /** Ours into a new file, ours into a dirty one, and Debian's shell. */
  function checkExact(sql: string): void {
    const path = dumps.create(sql);
    const expected = sqliteContent(path);
    const dump = dumps.dump(path).path;
    for (const restored of [dumps.restore(dump).path, dumps.restore(dump, dumps.create(sql)).path, dumps.load(dump)]) {
      assert.deepEqual(sqliteContent(restored), expected);
    }
  }

  it('S4: the memory of a dump and of a restore does not grow with the file: 64 MiB and four times the longest value, 100 MB here', () => {
    const script = fileURLToPath(new URL('../helpers/sqlMemoryChild.ts', import.meta.url));
    const output = execFileSync(process.execPath, [script, dumps.folder], { encoding: 'utf8' });
    const { dumpBytes, restoreBytes, isSame } = memorySchema.parse(JSON.parse(output));
    assert.ok(isSame);
    const limitBytes = 64 * 2 ** 20 + 4 * 100_000_000;
    assert.ok(dumpBytes <= limitBytes, `dump ${dumpBytes}`);
    assert.ok(restoreBytes <= limitBytes, `restore ${restoreBytes}`);
  }).timeout(180_000);

  it('S5: DDL written as that of Chinook comes back with all of its 23 objects', () => {
    const names = [
      'Album',
      'Artist',
      'Customer',
      'Employee',
      'Genre',
      'Invoice',
      'InvoiceLine',
      'MediaType',
      'Playlist',
      'PlaylistTrack',
      'Track',
    ];
    const tables = names.map(
      (name) => `CREATE TABLE [${name}]
(
    [${name}Id] INTEGER  NOT NULL,
    [Title] NVARCHAR(160)  NOT NULL,
    [ParentId] INTEGER,
    [UnitPrice] NUMERIC(10,2)  NOT NULL,
    CONSTRAINT [PK_${name}] PRIMARY KEY  ([${name}Id]),
    FOREIGN KEY ([ParentId]) REFERENCES [Artist] ([ArtistId])
		ON DELETE NO ACTION ON UPDATE NO ACTION
);
INSERT INTO [${name}] VALUES (1, 'AC/DC', NULL, 0.99), (2, 'Motörhead; (live)', 1, 1);`,
    );
    const indexes = names.map((name) => `CREATE INDEX [IFK_${name}ParentId] ON [${name}] ([ParentId]);`);
    const sql = [...tables, ...indexes, 'CREATE UNIQUE INDEX [IPK_Genre] ON [Genre]([Title]);'].join('\n');
    const restored = dumps.restore(dumps.dump(dumps.create(sql)).path, dumps.write(''));
    assert.equal(sqliteContent(restored.path).schema.length, 23);
    checkExact(sql);
  });

  it('S6: DDL over several lines, with comments and tabs, stays as it is', () => {
    checkExact(`CREATE TABLE "t" (
    id integer
    NOT NULL
    PRIMARY KEY,
\tname\ttext -- the name; not null
    NOT NULL, /* a comment
    with ) and ; */
    "check" integer CHECK ("check" > 0)
)
;
INSERT INTO t VALUES (1, 'x', 2);
CREATE INDEX
    i
ON t -- why
(
    name
);
CREATE VIEW v
AS -- all
SELECT id,
    name
FROM t
WHERE name <> ';';`);
  });

  it('S7: a trigger over several lines stays, and its body does not run', () => {
    checkExact(`CREATE TABLE t(a INTEGER PRIMARY KEY); CREATE TABLE log(id INTEGER PRIMARY KEY, m);
CREATE TRIGGER r
AFTER INSERT ON t
BEGIN
    INSERT INTO log(m) VALUES ('inserted');
    INSERT INTO log(m) VALUES (CASE WHEN NEW.a > 1 THEN 'END;' ELSE 'x' END);
END;
INSERT INTO t VALUES (1), (2);`);
  });

  it('S8: values that look like SQL, NUL, infinities, −0.0 and bytes that are not UTF-8 stay', () => {
    checkExact(`CREATE TABLE t(a TEXT, b, c REAL);
INSERT INTO t VALUES ('line one
INSERT INTO t VALUES(1);
line three);
', CAST(x'610062' AS TEXT), 1e999), ('); --', -0.0, -1e999), (CAST(x'ff00fe' AS TEXT), CAST(x'c328' AS TEXT), -0.0);`);
  });

  it('S9: a child before its parent, rowids, AUTOINCREMENT, user_version and application_id stay', () => {
    checkExact(`CREATE TABLE child(id INTEGER PRIMARY KEY AUTOINCREMENT, p REFERENCES parent(id)); CREATE TABLE parent(id INTEGER PRIMARY KEY);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1), (900, 1); DELETE FROM child WHERE id = 900;
CREATE TABLE plain(a); INSERT INTO plain(rowid, a) VALUES (10, 'x'), (20, 'y'); PRAGMA user_version = 42; PRAGMA application_id = 1234567;`);
  });

  it('S10: a target with later rows and triggers ends in the state of the dump, and no trigger fires', () => {
    const path = dumps.create(
      `CREATE TABLE t(a INTEGER PRIMARY KEY, b); CREATE TABLE log(m); INSERT INTO t VALUES (1, 'x'), (2, 'y');`,
    );
    const expected = sqliteContent(path);
    const dump = dumps.dump(path).path;
    shell(
      path,
      `INSERT INTO t VALUES (3, 'later'); UPDATE t SET b = 'changed'; CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('fired'); END;
      CREATE TRIGGER d AFTER DELETE ON t BEGIN INSERT INTO log VALUES ('fired'); END;`,
    );
    dumps.restore(dump, path);
    assert.deepEqual(sqliteContent(path), expected);
  });

  it('S11: a dump cut in half, or at the end of a statement, is refused and changes nothing', () => {
    const path = dumps.create(
      `CREATE TABLE t(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT 'row ' || i FROM n;`,
    );
    const before = sqliteContent(path);
    const { text } = dumps.dump(path);
    for (const cut of [text.length / 2, text.lastIndexOf('INSERT'), text.lastIndexOf('COMMIT')]) {
      const dump = dumps.write(Buffer.from(text.slice(0, cut), 'latin1'));
      assert.throws(() => verifySql(dump, 'quick', silent.checkpoint), { code: 'dumps.truncated' });
      assert.throws(() => dumps.restore(dump, path), { code: 'dumps.truncated' });
    }
    assert.deepEqual(sqliteContent(path), before);
  });

  describe('D8: EXCLUDE', () => {
    const sql = `CREATE TABLE "Log"(a); INSERT INTO "Log" VALUES (1); CREATE INDEX i ON "Log"(a); CREATE TRIGGER r AFTER INSERT ON "Log" BEGIN SELECT 1; END;
      CREATE TABLE kept(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO kept VALUES (1, 2); CREATE INDEX k ON kept(a); CREATE VIEW v AS SELECT * FROM kept;
      CREATE TRIGGER o INSTEAD OF INSERT ON v BEGIN SELECT 1; END; CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x'); ANALYZE;`;

    it('leaves out a table with its index and trigger, a virtual table with those behind it, a view with its trigger', () => {
      const dumped = dumps.dump(dumps.create(sql), ['log', 'F', 'v']);
      assert.deepEqual(dumped.warnings, []);
      assert.deepEqual(dumped.contents, { tables: [{ name: 'kept', rows: 1 }], objects: { index: 1 } });
      const restored = sqliteContent(dumps.restore(dumped.path).path);
      assert.deepEqual(Object.keys(restored.rows), ['kept']);
      assert.ok(!/\b(Log|fts5)\b/.test(dumped.text.slice(0, dumped.text.indexOf('-- contents'))));
    });

    it('of a name that matches nothing is a warning, as it is of a part of a virtual table', () => {
      const dumped = dumps.dump(dumps.create(sql), ['logs', 'f_data', 'i']);
      assert.equal(dumped.warnings.length, 3);
      assert.match(dumped.warnings[0] ?? '', /logs/);
      assert.deepEqual(
        dumped.contents.tables.map(({ name }) => name),
        ['Log', 'f', 'kept'],
      );
    });

    it('also gets a warning for a virtual table of a module that SQLite does not have', () => {
      const path = dumps.fill((database) => {
        database.exec('CREATE TABLE t(a); CREATE VIRTUAL TABLE s USING dbstat(main)');
      });
      const dumped = dumps.dump(path);
      assert.match(dumped.warnings.join(), /virtual table s/);
      assert.deepEqual(dumped.contents.tables, [{ name: 't', rows: 0 }]);
      assert.doesNotThrow(() => dumps.restore(dumped.path));
    });
  });

  it('brings back schemas and rows made by chance', () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const path = dumps.fill((database) => database.exec(`BEGIN; ${randomDatabase(seed)} COMMIT;`));
      const expected = sqliteContent(path);
      const dump = dumps.dump(path).path;
      assert.deepEqual(sqliteContent(dumps.restore(dump).path), expected, `seed ${seed}`);
      assert.deepEqual(sqliteContent(dumps.load(dump)), expected, `seed ${seed}, sqlite3`);
    }
  }).timeout(60_000);
});

/** SQL for a database that depends on `seed` alone. */
function randomDatabase(seed: number): string {
  let state = seed * 2_654_435_761;
  const below = (limit: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return state % limit;
  };
  const pick = (from: readonly string[]): string => from[below(from.length)] ?? '';
  const names = ['a', 'select', 'x y', 'it"s', "it's", 'Ünïcode', '😀', '--', '/*', ';', 'rowid', 'oid', 'table', '1'];
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const types = ['', 'INTEGER', 'TEXT', 'REAL', 'BLOB', 'NUMERIC', 'VARCHAR(10)', 'DATETIME', 'BOOLEAN', 'DOUBLE PRECISION'];
  const values = [
    'NULL',
    '0',
    '-1',
    '9223372036854775807',
    '-9223372036854775808',
    '0.1',
    '-1.5e300',
    '1e999',
    `''`,
    `'it''s'`,
    `'a;b
c'`,
    `x''`,
    `x'00ff27'`,
    `CAST(x'6100ff' AS TEXT)`,
    `'ünï😀'`,
    `'123'`,
    `'1e5'`,
    `hex(zeroblob(${below(90_000)}))`,
    `zeroblob(${below(40_000)})`,
  ];
  const statements: string[] = [];
  for (let table = 0; table < 4; table += 1) {
    const columns = [...new Set(Array.from({ length: 1 + below(7) }, () => pick(names)))];
    const withoutRowid = below(4) === 0;
    const key = withoutRowid ? `, PRIMARY KEY(${quoted(columns[0] ?? '')})` : '';
    const definitions = columns.map(
      (name, at) => `${quoted(name)} ${at === 0 && !withoutRowid && below(3) === 0 ? 'INTEGER PRIMARY KEY' : pick(types)}`,
    );
    const name = quoted(`${pick(names)}${table}`);
    statements.push(`CREATE TABLE ${name}(${definitions.join(', ')}${key})${withoutRowid ? ' WITHOUT ROWID' : ''};`);
    for (let row = below(60); row > 0; row -= 1)
      statements.push(
        `INSERT OR IGNORE INTO ${name} VALUES(${columns.map((_, at) => (at === 0 && definitions[0]?.endsWith('KEY') === true ? String(below(1e9)) : pick(values))).join(', ')});`.replace(
          /VALUES\(NULL/,
          withoutRowid ? 'VALUES(0' : 'VALUES(NULL',
        ),
      );
    if (below(2) === 0)
      statements.push(`CREATE INDEX ${quoted(`i${pick(names)}${table}`)} ON ${name}(${quoted(columns.at(-1) ?? '')});`);
    if (below(2) === 0)
      statements.push(`CREATE VIEW ${quoted(`v${pick(names)}${table}`)} AS SELECT ${quoted(columns[0] ?? '')} FROM ${name};`);
    if (below(2) === 0)
      statements.push(
        `CREATE TRIGGER ${quoted(`r${pick(names)}${table}`)} AFTER DELETE ON ${name} BEGIN SELECT ';'; SELECT CASE WHEN 1 THEN 2 END; END;`,
      );
  }
  return statements.join('\n');
}
