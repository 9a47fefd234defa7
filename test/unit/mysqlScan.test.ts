import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { formatOf } from '../../src/connectors/registry.ts';
import { rewriteDefiners } from '../../src/connectors/mysql/definers.ts';
import { DumpScanner } from '../../src/connectors/mysql/dumpScan.ts';
import type { DumpScan, Rows } from '../../src/connectors/mysql/findings.ts';
import { mysqlSqlFormat } from '../../src/connectors/mysql/format.ts';
import { contentsOf, scanFile } from '../../src/connectors/mysql/scanFile.ts';
import { BackupError } from '../../src/core/errors.ts';
import { inReusedMemory } from '../helpers/reusedMemory.ts';

const signal = new AbortController().signal;
const mark = '\n-- Dump completed on 2026-11-01 10:00:00\n';
const dump = String.raw`/*M!999999\- enable the sandbox mode */
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS ${'`items`'};
CREATE TABLE ${'`items`'} (
  ${'`name`'} text DEFAULT 'CREATE TABLE ${'`no`'} (', -- a ; in a comment
  ${'`n`'} int # it's another;
) COMMENT='it''s; a\nline';
INSERT INTO ${'`items`'} VALUES
(1,'o\'ne;\n-- x',0xDEADBEEF,-2.5,'2024-01-01'),
(2,'zwei ),( (\\',NULL,- 1,'/* no comment'),
(3,'',NULL,(1+2),"a""b");
INSERT INTO ${'`items`'} (${'`name`'}, ${'`values`'}) VALUES ('a'),('b;c');
CREATE TABLE ${'`odd``;name #`'} (a int);
/*!50001 CREATE VIEW ${'`v1`'} AS SELECT
 NULL AS ${'`id`'} */;
CREATE SEQUENCE ${'`seq`'} start with 5;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=${'`ro``ot`@`%`'}*/ /*!50003 TRIGGER tr1 BEFORE INSERT ON items FOR EACH ROW BEGIN /* c; */ SET NEW.name = 'DEFINER=${'`x`@`y`'}'; END
*/;;
CREATE DEFINER=${'`root`@`localhost`'} PROCEDURE ${'`p1`'}(IN a INT)
BEGIN -- hi there's
CREATE TABLE ${'`inner`'} (a int); # DEFINER=${'`x`@`y`'}
SELECT DEFINER = CURRENT_USER; END ;;
DELIMITER ;
CREATE DEFINER=${'`root`@`localhost`'} FUNCTION ${'`f1`'}() RETURNS int(11) RETURN 1;
/*!50106 CREATE*/ /*!50117 DEFINER=${'`root`@`localhost`'}*/ /*!50106 EVENT ${'`e1`'} ON SCHEDULE EVERY 1 YEAR DO SELECT 1 */ ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=${'`root`@`localhost`'} SQL SECURITY DEFINER */
/*!50001 VIEW ${'`v1`'} AS select 'a;b' AS ${'`c`'} */;
ALTER DATABASE ${'`shop`'} CHARACTER SET utf8mb4;
${mark}`;

function scan(text: string, rows: Rows = 'counted', chunkBytes = 1_048_576): DumpScan {
  const scanner = new DumpScanner('shop.dump', rows);
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) scanner.push(bytes.subarray(at, at + chunkBytes));
  return scanner.end();
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof BackupError && error.code === code && error.hint !== '';
}

describe('the scan of a MySQL dump', () => {
  let folder = '';
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dbbackup-scan-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string | Buffer): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  it('finds every table with its rows, and every other object, whatever strings, comments and bodies hold', () => {
    const found = scan(dump);
    assert.deepEqual(contentsOf(found), {
      tables: [
        { name: 'items', rows: 5 },
        { name: 'odd`;name #', rows: 0 },
      ],
      objects: { event: 1, function: 1, procedure: 1, sequence: 1, trigger: 1, view: 1 },
    });
    assert.deepEqual([...found.named], ['shop']);
    assert.equal(found.isSandboxed, true);
    assert.deepEqual(
      [...found.definers].map(([name, places]) => [name, places.length]),
      [
        ['ro`ot@%', 1],
        ['root@localhost', 4],
      ],
    );
  });

  it('finds the same wherever its chunks end', () => {
    const whole = scan(dump);
    for (const chunkBytes of [1, 2, 3, 7, 64, 1000, 2047, 2049])
      assert.deepEqual(scan(dump, 'counted', chunkBytes), whole, `${chunkBytes}`);
  });

  it('lists the same tables and objects without reading the rows', () => {
    const [read, skipped] = [scan(dump), scan(dump, 'skipped')];
    assert.deepEqual([...skipped.tables.keys()], [...read.tables.keys()]);
    assert.deepEqual([...skipped.tables.values()], [undefined, undefined]);
    assert.deepEqual(
      [skipped.objects, skipped.definers, skipped.longestStatementBytes],
      [read.objects, read.definers, read.longestStatementBytes],
    );
  });

  it('counts rows whose strings hold raw line ends, as other programs write them', () => {
    const found = scan(`-- MySQL dump\nINSERT INTO \`t\` VALUES ('a;\n),('),('b''\\\\');\n${mark}`);
    assert.deepEqual([...found.tables], [['t', 2]]);
  });

  it('measures the longest statement', () => {
    const statement = `INSERT INTO \`t\` VALUES (0x${'ab'.repeat(3_000_000)})`;
    for (const rows of ['counted', 'skipped'] as const)
      assert.equal(
        scan(`-- MySQL dump 10.13\nSELECT 1;\n${statement};\n${mark}`, rows, 65_536).longestStatementBytes,
        statement.length,
      );
  });

  it('M4: refuses a dump that is cut anywhere', () => {
    const bytes = Buffer.from(dump);
    for (const rows of ['counted', 'skipped'] as const)
      for (let length = 1; length < bytes.length - mark.length; length += 7)
        assert.throws(() => scan(bytes.subarray(0, length).toString('latin1'), rows), hasCode('dumps.truncated'));
  });

  it('M5: refuses a dump that is cut after a statement', () => {
    assert.throws(() => scan(dump.slice(0, dump.indexOf('CREATE SEQUENCE'))), hasCode('dumps.truncated'));
    assert.throws(() => scan(dump.replace(mark, '\n')), hasCode('dumps.truncated'));
  });

  it('refuses a mark that stands in a string or in a comment', () => {
    assert.throws(() => scan(`-- MySQL dump\nINSERT INTO \`t\` VALUES ('a${mark}`), hasCode('dumps.truncated'));
    assert.throws(() => scan(`-- MySQL dump\n/* a${mark}`), hasCode('dumps.truncated'));
    assert.throws(() => scan(`-- MySQL dump\nDROP TABLE t${mark}`), hasCode('dumps.truncated'));
  });

  it('refuses a raw NUL, which no tool writes', () => {
    assert.throws(() => scan(dump.replace('zwei', '\0')), hasCode('dumps.damaged'));
  });

  it('names the database that a statement goes to by itself', () => {
    for (const statement of [
      'USE `other`',
      'use other',
      '/*!40000 DROP DATABASE IF EXISTS `other`*/',
      'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `other`',
    ])
      assert.deepEqual([...scan(`-- MySQL dump\n${statement};\n${mark}`).named], ['other'], statement);
  });

  it('replaces definers outside of strings and comments, and no other byte', async () => {
    const from = file('definers.sql', dump);
    const found = await scanFile(from, 'skipped', { signal });
    const to = join(folder, 'rewritten.sql');
    await rewriteDefiners({ path: from, from: 0 }, to, [...found.definers.values()].flat(), signal);
    const wanted = dump.replaceAll(/(?<!')DEFINER=`(ro``ot|root)`@`(%|localhost)`/g, 'DEFINER=CURRENT_USER');
    assert.equal(readFileSync(to, 'utf8'), wanted);
    assert.deepEqual([...(await scanFile(to, 'counted', { signal })).definers.keys()], ['CURRENT_USER@']);
  });

  it('recognises dumps of both flavours by their first line, and no other text', async () => {
    const id = async (text: string): Promise<string | undefined> => (await formatOf(Buffer.from(text)))?.id;
    assert.equal(await id(dump), 'mysql-sql');
    assert.equal(await id('-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n'), 'mysql-sql');
    assert.notEqual(await id('--\n-- PostgreSQL database dump\n--\n'), 'mysql-sql');
    assert.notEqual(await id('CREATE TABLE a (b);'), 'mysql-sql');
  });

  it('verifies a file and a stream alike', async () => {
    const run = { signal, progress: () => undefined, log: () => undefined, ask: () => Promise.resolve(false) };
    const path = file('whole.sql', dump);
    for (const level of ['quick', 'full'] as const)
      for (const chunkBytes of [13, 997, dump.length])
        assert.deepEqual(
          await mysqlSqlFormat.verifyStream?.(inReusedMemory(Buffer.from(dump), chunkBytes), level, { scratch: folder }, run),
          await mysqlSqlFormat.verify(path, level, { scratch: folder }, run),
        );
    await assert.rejects(mysqlSqlFormat.verify(file('empty.sql', ''), 'quick', { scratch: folder }, run), hasCode('dumps.empty'));
  });
});
