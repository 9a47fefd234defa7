import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { dumpSql } from '../../src/connectors/sqlite/sql/dump.ts';
import { restoreSql } from '../../src/connectors/sqlite/sql/restore.ts';
import { sqliteContent } from './sqliteContent.ts';
import { silent, using } from './sqlDumps.ts';

// Arguments: a folder, and which part to play. The first makes a database and starts the other two; a part prints its result as JSON.
const [folder = '', part = 'make'] = process.argv.slice(2);
const source = join(folder, 'source.db');
const dump = join(folder, 'long.dump');
const target = join(folder, 'target.db');

/** By how much `action` lets the memory of this process grow at most, in bytes. */
function growthOf(action: () => void): number {
  const before = readStatus('VmRSS');
  action();
  return readStatus('VmHWM') - before;
}

function readStatus(name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(found?.[1]) * 1024;
}

function make(): void {
  using(source, (database) => {
    database.exec(
      'CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE TABLE k(a PRIMARY KEY, b) WITHOUT ROWID; PRAGMA journal_mode = OFF',
    );
    const insert = database.prepare('INSERT INTO t(a, b) VALUES(?, ?)');
    database.transaction(() => {
      for (let count = 0; count < 20_000; count += 1) insert.run(`row ${count}`, null);
      for (let count = 0; count < 2_000; count += 1) insert.run('wide', randomFillSync(Buffer.alloc(20_000)));
      for (let count = 0; count < 3; count += 1) insert.run('long', randomFillSync(Buffer.alloc(100_000_000)));
      insert.run("it's ".repeat(20_000_000), null);
      database.exec('INSERT INTO k VALUES(1, randomblob(100000000))');
    })();
  });
}

function writeDump(): void {
  const database = new SqliteDatabase(source, { readonly: true });
  const file = openSync(dump, 'w');
  dumpSql(database, { exclude: [], write: (block) => void writeSync(file, block), ...silent });
  closeSync(file);
}

function play(name: string): number {
  return Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), folder, name], { encoding: 'utf8' }));
}

switch (part) {
  case 'dump':
    console.log(growthOf(writeDump));
    break;
  case 'restore':
    console.log(growthOf(() => void using(target, (database) => restoreSql(database, dump, silent))));
    break;
  default: {
    make();
    const dumpBytes = play('dump');
    const restoreBytes = play('restore');
    const isSame = JSON.stringify(sqliteContent(source)) === JSON.stringify(sqliteContent(target));
    console.log(JSON.stringify({ dumpBytes, restoreBytes, isSame }));
  }
}
