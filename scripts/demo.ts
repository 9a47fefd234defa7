// The main job on SQLite, end to end: back up, lose rows, restore, undo, restore again, and prove it equal.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import * as z from 'zod';
import { durationText, sizeText } from '../src/core/words.ts';
import { createSampleWorkspace } from './sample.ts';

const lineSchema = z.record(z.string(), z.unknown());
const commandLine = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), 'dbbackup-demo-'));
const started = performance.now();

try {
  runDemo(workspace);
  say(`Done in ${durationText(performance.now() - started)}.`);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}

function runDemo(folder: string): void {
  const file = timed('Made a sample shop database', () => createSampleWorkspace(folder));
  const before = contentHash(file);
  say(`  ${countRows(file)} rows, ${sizeText(statSync(file).size)}`);

  const [backedUp] = timed('Backed it up', () => dbbackup('backup'));
  const dump = text(backedUp, 'file');
  say(`  ${dump}, ${sizeText(statSync(join(folder, dump)).size)}, verified (${text(backedUp, 'verification')})`);

  timed('Ran a bad migration', () => loseRows(file));
  const damaged = contentHash(file);
  say(`  ${countRows(file)} rows are left`);
  expect(damaged !== before, 'the migration changed nothing');

  const [restored] = timed('Restored the dump', () => dbbackup('restore', '--yes'));
  expect(contentHash(file) === before, 'the restored database is not equal to the one that was backed up');
  say(`  ${countRows(file)} rows are back; a safety dump of the bad state was made first`);

  timed('Undid the restore', () => dbbackup('restore', '--dump', text(restored, 'safetyFile'), '--yes'));
  expect(contentHash(file) === damaged, 'the undone restore did not bring the state before it back');
  say(`  ${countRows(file)} rows, as before the restore`);

  timed('Restored the dump again', () => dbbackup('restore', '--dump', dump, '--yes'));
  expect(contentHash(file) === before, 'the restored database is not equal to the one that was backed up');
  say(`  equal to the first state, row by row: sha256 ${before.slice(0, 16)}…`);

  const dumps = timed('Verified every dump completely', () => dbbackup('verify'));
  say(`  ${dumps.length} dumps, all of them good`);
}

type Line = z.infer<typeof lineSchema>;

/** Runs the command line as a user would and answers with its JSON lines, without the last one. */
function dbbackup(...args: string[]): Line[] {
  const env = { ...process.env, DBBACKUP_STATE: join(workspace, 'state') };
  const call = [commandLine, '--workspace', workspace, '--json', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, call, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`dbbackup ${args.join(' ')} failed: ${stdout}${stderr}`);
  const lines = stdout.trim().split('\n');
  return lines.slice(0, -1).map((line) => lineSchema.parse(JSON.parse(line)));
}

function text(line: Line | undefined, field: string): string {
  const value = line?.[field];
  if (typeof value !== 'string') throw new Error(`The command line did not say ${field}.`);
  return value;
}

function loseRows(file: string): void {
  const shop = new Database(file);
  shop.exec(
    `PRAGMA foreign_keys = OFF; DELETE FROM order_lines WHERE order_id % 3 = 0; UPDATE products SET price = 0.01; DELETE FROM customers WHERE id % 2 = 0`,
  );
  shop.close();
}

/** One hash over all rows of all tables, values with their types, in the order of their columns. */
function contentHash(file: string): string {
  const shop = new Database(file, { readonly: true });
  const hash = createHash('sha256');
  for (const table of tableNames(shop)) {
    const all = shop.prepare<[], unknown[]>(`SELECT * FROM "${table}"`);
    const order = all.columns().map((_column, index) => index + 1);
    const rows = shop.prepare<[], unknown[]>(`${all.source} ORDER BY ${order.join()}`).raw().safeIntegers();
    for (const row of rows.iterate())
      hash.update(JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)));
  }
  shop.close();
  return hash.digest('hex');
}

function countRows(file: string): number {
  const shop = new Database(file, { readonly: true });
  const total = tableNames(shop).reduce(
    (sum, table) => sum + (shop.prepare<[], number>(`SELECT count(*) FROM "${table}"`).pluck().get() ?? 0),
    0,
  );
  shop.close();
  return total;
}

function tableNames(shop: Database.Database): string[] {
  const names = shop.prepare<[], string>(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  );
  return names.pluck().all();
}

function timed<Result>(what: string, work: () => Result): Result {
  const from = performance.now();
  const result = work();
  say(`${what} (${durationText(performance.now() - from)}).`);
  return result;
}

function expect(isTrue: boolean, complaint: string): void {
  if (!isTrue) throw new Error(`The demo failed: ${complaint}.`);
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
