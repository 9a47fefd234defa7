import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { addressOf, optionFileText } from '../../src/connectors/mysql/optionFile.ts';
import { contentsOf, scanFile } from '../../src/connectors/mysql/scanFile.ts';
import { canary, mariadbServer, type MariadbServer } from '../helpers/mariadbServer.ts';

const signal = new AbortController().signal;
const dumpWords = '--quick --single-transaction --routines --events --triggers --hex-blob --no-tablespaces'.split(' ');

describe('the option file and the scan, on what a real MariaDB and its tool make of them', () => {
  let server: MariadbServer;
  let folder = '';
  before(async function () {
    server = await mariadbServer(this);
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-mysql-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const dump = (name: string, tables: readonly string[], host = '127.0.0.1'): string => {
    const options = join(folder, 'options');
    const address = addressOf(host, server.port);
    const text = optionFileText({
      address,
      user: 'admin',
      password: canary,
      encryption: [],
      ignored: { database: name, tables },
    });
    writeFileSync(options, text, { mode: 0o600 });
    const path = join(folder, 'dump.sql');
    const made = spawnSync('mariadb-dump', [`--defaults-file=${options}`, ...dumpWords, '--', name], { maxBuffer: 1 << 27 });
    assert.equal(made.status, 0, made.stderr.toString());
    writeFileSync(path, made.stdout);
    return path;
  };

  it('finds the tables, rows and objects that the server has', async () => {
    // Not with quotes: mariadb-dump 10.11 selects a database with events by its escaped name, and finds none.
    const name = await server.createDatabase('--odd shop #1');
    await server.script(
      "CREATE TABLE items (id INT PRIMARY KEY, name TEXT, data LONGBLOB, twice INT AS (id * 2) STORED) COMMENT 'it''s; a\nline';" +
        `INSERT INTO items (id, name, data) VALUES (1, 'o''ne;\n-- x', x'00ff27'), (2, '😀\\\\ ),(', NULL), (3, '', x'');` +
        'CREATE TABLE `odd``na;me #1` (a INT); CREATE SEQUENCE seq; CREATE VIEW v AS SELECT id FROM items;' +
        "CREATE TRIGGER tr BEFORE INSERT ON items FOR EACH ROW BEGIN /* c; */ SET NEW.name = ';'; END;" +
        'CREATE PROCEDURE p() BEGIN -- there\'s;\n SELECT "DEFINER=`x`@`y`"; END;' +
        'CREATE FUNCTION f() RETURNS INT RETURN 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM items WHERE id < 0;',
      name,
    );
    const path = dump(name, []);
    const scan = await scanFile(path, 'counted', { signal });
    assert.deepEqual(contentsOf(scan), {
      tables: [
        { name: 'items', rows: 3 },
        { name: 'odd`na;me #1', rows: 0 },
      ],
      objects: { event: 1, function: 1, procedure: 1, sequence: 1, trigger: 1, view: 1 },
    });
    assert.deepEqual([...scan.definers.keys()], ['admin@%']);
    assert.equal(scan.definers.get('admin@%')?.length, 5);
    const skipped = await scanFile(path, 'skipped', { signal });
    assert.deepEqual([...skipped.tables.keys()].toSorted(), [...scan.tables.keys()].toSorted());
    assert.ok(!readFileSync(path, 'utf8').includes(canary));
  });

  it('M3: reaches the server by its socket', () => {
    assert.match(readFileSync(dump('mysql', [], server.socket), 'utf8'), /CREATE TABLE `global_priv`/);
  });

  it('M13: leaves tables out whose names hold quotes, # and spaces, 20,000 of them', async () => {
    const name = await server.createDatabase();
    const odd = ['with "quotes"', "it's", '# no comment', 'back\\slash', 'semi;colon', 'tick`tick', 'ünï'];
    for (const table of ['kept', ...odd]) await server.query(`CREATE TABLE \`${table.replaceAll('`', '``')}\` (a INT)`, name);
    const many = Array.from({ length: 20_000 }, (_, index) => `table ${index}`);
    const scan = await scanFile(dump(name, [...odd, ...many]), 'counted', { signal });
    assert.deepEqual([...scan.tables], [['kept', 0]]);
  });
});
