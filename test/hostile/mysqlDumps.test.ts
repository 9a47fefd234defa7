import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from '../connectors/contract.ts';
import { mariadbServer, quoted, type MariadbServer } from '../helpers/mariadbServer.ts';
import { recordingRun } from '../helpers/workspace.ts';

const connector = 'MysqlDumpConnector';

/** Lines that would run `touch MARK`, read a file, or leave the target, if the client or the server got their way. OTHER is another database. */
const attacks: Readonly<Record<string, string>> = {
  'a shell command': '\\! touch MARK',
  'a shell command in words': 'system touch MARK',
  'a shell command after SQL': 'SELECT 1 \\! touch MARK\n;',
  'a pager': 'pager touch MARK',
  'a file of output': 'tee MARK',
  'an included file': 'source /etc/passwd',
  'an included file by its letter': '\\. /etc/passwd',
  'a connection elsewhere': '\\u OTHER',
  'a file of the server': "SELECT 1 INTO OUTFILE 'MARK';",
  'a file of the client': "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE items;",
  'another database': 'USE `OTHER`;',
  'another database in capitals and comments': '/* x */ uSe/* y */`OTHER` ;',
  'another database behind a version': '/*!50000 USE `OTHER`*/;',
  'another database behind a version of MariaDB': '/*M!100000 DROP DATABASE `OTHER`*/;',
  'a dropped database': 'DROP DATABASE IF EXISTS `OTHER`;',
  'a dropped table elsewhere': 'DROP TABLE items, `OTHER` . `items`;',
  'rows for elsewhere': 'INSERT INTO `OTHER`.`items` VALUES (9);',
  'rows for elsewhere without quotes': 'REPLACE LOW_PRIORITY INTO OTHER.items VALUES (9);',
  'a table elsewhere': 'CREATE TABLE `OTHER`.`made` (a INT);',
  'a trigger elsewhere':
    'CREATE DEFINER=`admin`@`%` TRIGGER `OTHER`.`made` BEFORE INSERT ON `OTHER`.`items` FOR EACH ROW SET @a = 1;',
  'deleted rows elsewhere': 'DELETE FROM `OTHER`.`items`;',
  'a user': "CREATE USER intruder IDENTIFIED BY 'x';",
  'a right': "GRANT ALL ON *.* TO 'intruder'@'%';",
  'a password': "SET PASSWORD FOR 'admin'@'%' = '';",
  'a setting of the server': "SET GLOBAL general_log_file = 'MARK';",
  'a setting of the server in a list': "SET @a = 1, @@GLOBAL.general_log_file = 'MARK';",
  'a text that is run': "PREPARE s FROM 'DROP DATABASE OTHER'; EXECUTE s;",
  'a block that is run': "DELIMITER //\nBEGIN NOT ATOMIC EXECUTE IMMEDIATE 'DROP DATABASE OTHER'; END//\nDELIMITER ;",
  'several statements behind one delimiter': 'DELIMITER //\nSET @a = 1; DROP DATABASE `OTHER`//\nDELIMITER ;',
  'a library': "CREATE FUNCTION f RETURNS STRING SONAME 'evil.so';",
  'a plugin': "INSTALL SONAME 'evil';",
  'the end of the server': 'SHUTDOWN;',
  'a statement behind a string': "INSERT INTO `items` VALUES ('it''s \\'; ', '\\\\'); DROP DATABASE `OTHER`;",
  'a statement behind a comment': '-- ;\n# ;\n/* ; */ DROP DATABASE `OTHER`;',
  'a statement in a string without escapes':
    "SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nINSERT INTO `items` VALUES ('\\'); DROP DATABASE `OTHER`; -- ');",
};

describe('hostile dumps of MySQL', () => {
  let server: MariadbServer;
  let bench: Bench;
  let target: Database;
  let other: string;
  let good: string;
  before(async function () {
    server = await mariadbServer(this);
  });
  beforeEach(async () => {
    bench = await makeBench();
    target = server.resolved(await server.createDatabase());
    other = await server.createDatabase();
    for (const name of [nameOf(), other])
      await server.script("CREATE TABLE items (name TEXT); INSERT INTO items VALUES ('x')", name);
    good = readFileSync((await bench.dump(connector, target)).file, 'latin1');
  });
  afterEach(() => removeBench(bench));
  const nameOf = (): string => String(target.keys['NAME']);
  const everything = async (): Promise<unknown> => [
    await server.hashOf(nameOf()),
    await server.hashOf(other),
    await server.query("SELECT User, Host FROM mysql.user WHERE User = 'intruder'"),
    await server.query('SELECT @@general_log_file AS file'),
  ];
  const prepare = async (text: string, answer: boolean): Promise<{ apply(): Promise<void> }> => {
    const path = join(bench.dumps, 'hostile');
    writeFileSync(path, text, 'latin1');
    const found = await connectorFor(connector);
    const dump = { path, sizeBytes: text.length, format: 'mysql-sql', origin: 'foreign' as const };
    const run = recordingRun(answer);
    const inspection = await found.inspect(target, bench, run);
    const prepared = await found.prepareRestore(target, dump, inspection, bench, run);
    return { apply: () => prepared.apply(run) };
  };

  for (const [name, lines] of Object.entries(attacks)) {
    it(`run nothing and change nothing: ${name}`, async () => {
      const mark = join(bench.folder, 'mark');
      await server.query("UPDATE items SET name = 'now'", nameOf());
      const before = await everything();
      const evil = lines.replaceAll('MARK', mark).replaceAll('OTHER', other);
      for (const place of ['/*!40101 SET @OLD_CHARACTER', '-- Dump completed']) {
        const hostile = good.replace(place, () => `${evil}\n${place}`);
        assert.ok(hostile.length > good.length);
        await rejectsWith(prepare(hostile, false), 'restore.refused', 'dumps.truncated', 'dumps.damaged');
        assert.deepEqual(await everything(), before);
      }
      assert.ok(!existsSync(mark));
    });
  }

  it('run no command of the client even where the statements are accepted', async () => {
    const mark = join(bench.folder, 'mark');
    for (const line of [
      `\\! touch ${mark}`,
      `system touch ${mark}`,
      `tee ${mark}`,
      `pager touch ${mark}`,
      'source /etc/passwd',
    ]) {
      const prepared = await prepare(
        good.replace('-- Dump completed', () => `${line}\n;\n-- Dump completed`),
        true,
      );
      await assert.rejects(prepared.apply());
      assert.ok(!existsSync(mark));
    }
  });

  it('are told from dumps whose rows and bodies hold the same texts', async () => {
    const texts = Object.values(attacks).map((text) => text.replaceAll('OTHER', other));
    const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
    await server.script(
      `INSERT INTO items VALUES ${texts.map((text) => `(${literal(text)})`).join(', ')};
       CREATE PROCEDURE p() BEGIN /* DROP DATABASE ${quoted(other)}; */ SELECT ${literal(texts.join('\n'))}; DELETE FROM ${quoted(other)}.items WHERE name = ''; END;
       SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE PROCEDURE q() BEGIN SELECT '\\'; SELECT 'x;'; END; SET sql_mode = DEFAULT;`,
      nameOf(),
    );
    const before = await everything();
    const { file } = await bench.dump(connector, target);
    await server.script('DELETE FROM items; DROP PROCEDURE p; DROP PROCEDURE q', nameOf());
    await (await prepare(readFileSync(file, 'latin1'), false)).apply();
    assert.deepEqual(await everything(), before);
  });

  it('say with whose rights they run', async () => {
    const path = join(bench.dumps, 'foreign');
    writeFileSync(path, good, 'latin1');
    const found = await connectorFor(connector);
    const dump = { path, sizeBytes: good.length, format: 'mysql-sql', origin: 'foreign' as const };
    const inspection = await found.inspect(target, bench, recordingRun());
    const { warnings } = await found.prepareRestore(target, dump, inspection, bench, recordingRun());
    assert.match(warnings.join(), /runs as admin@%, who has all rights/);
  });
});
