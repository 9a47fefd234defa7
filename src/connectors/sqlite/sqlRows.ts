import { isUtf8 } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import { quoteName } from './contents.ts';
import type { TextEncoding } from './sqlEncoding.ts';
import { hexInvalidText } from './sqlLiterals.ts';
import { LongRowWriter, writeLongRows } from './sqlLongRows.ts';
import { release } from './sqlMemory.ts';
import { insertHead, toUtf8, type TableShape } from './sqlSchema.ts';
import { rowExpression } from './sqlValues.ts';
import type { SqlWriter } from './sqlWriter.ts';

/** What the rows of a table are read from and written to. */
export interface RowOutput {
  readonly database: Database;
  readonly encoding: TextEncoding;
  readonly writer: SqlWriter;
  /** Rowids of the rows that the last statement left out as too long (null where there is no rowid), filled in order by a function of SQL. */
  readonly skipped: Set<bigint | null>;
  /** Called between batches with the rows written since the last call. */
  afterRows(count: number): void;
}

/** Size of an INSERT. Source: measured 2025-11: SQLite loads statements of 16 to 64 KiB fastest. */
const batchBytes = 32 << 10;
/** What one batch may hold when each of its values is as long as it may be. */
const worstBatchBytes = 4 << 20;
const mostRows = 5000;
const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

/** Writes all rows of a table as INSERTs of many rows, in the order of their keys, and gives their number. */
export function writeRows(table: TableShape, output: RowOutput): number {
  return table.key.kind === 'none' ? writeKeylessRows(table, output) : writeKeyedRows(table, table.key.name, output);
}

/** Batches are ranges of the rowid that SQLite itself joins to one text. */
function writeKeyedRows(table: TableShape, keyName: string, output: RowOutput): number {
  const { writer } = output;
  const lastOf = rangeFinder(table, keyName, output.database);
  const writeRange = rangeWriter(table, keyName, output);
  let total = 0;
  let size = 16;
  let isDense = false;
  for (let first = smallest; ;) {
    const last: bigint = isDense ? atMost(largest, first + BigInt(size - 1)) : lastOf(first, size);
    const limit = Math.max(256, Math.floor(worstBatchBytes / size / table.columns.length));
    const before = writer.sizeBytes;
    const rows = writeRange(first, last, limit);
    total += rows;
    output.afterRows(rows);
    if (last === largest) return total;
    isDense = 2 * rows > last - first;
    first = last + 1n;
    if (rows > 0) size = nextSize(size, rows, writer.sizeBytes - before);
  }
}

function atMost(limit: bigint, value: bigint): bigint {
  return value < limit ? value : limit;
}

/** Gives a function that finds the last key of as many rows. */
function rangeFinder(table: TableShape, keyName: string, database: Database): (first: bigint, rows: number) => bigint {
  const key = quoteName(keyName);
  const find = database
    .prepare<[bigint, number], bigint>(
      `SELECT ${key} FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${key}>=? ORDER BY ${key} LIMIT 1 OFFSET ?`,
    )
    .pluck()
    .safeIntegers();
  return (first, rows) => find.get(first, rows - 1) ?? largest;
}

/** Gives a function that writes the rows of a range of keys, those with a value of more than `limit` bytes one by one, and their number. */
function rangeWriter(
  table: TableShape,
  keyName: string,
  output: RowOutput,
): (first: bigint, last: bigint, limit: number) => number {
  const { writer, encoding, skipped } = output;
  const exact = batchReader(table, keyName, output, 'exact');
  const plain = encoding === 'UTF-8' ? batchReader(table, keyName, output, 'plain') : exact;
  const longRows = new LongRowWriter(table, keyName, output);
  const head = insertHead(table);
  return function writeRange(first, last, limit) {
    if (first > last) return 0;
    let [body, rows] = plain({ limit, first, last });
    if (plain !== exact && skipped.size === 0 && body?.includes(0) === true) [body, rows] = exact({ limit, first, last });
    const long = [...skipped];
    skipped.clear();
    if (body !== null && long.length === 0) writeInsert(head, readable(body, encoding), writer);
    if (body !== null) release(body);
    let next = first;
    for (const rowid of long) {
      if (rowid === null) continue;
      writeRange(next, rowid - 1n, limit);
      longRows.write(rowid);
      next = rowid + 1n;
    }
    if (next !== first) writeRange(next, last, limit);
    return rows;
  };
}

/** Gives a function that reads a range of keys: its rows as one text, and their number. */
function batchReader(
  table: TableShape,
  keyName: string,
  { database, encoding }: RowOutput,
  care: 'plain' | 'exact',
): (range: { limit: number; first: bigint; last: bigint }) => [Buffer | null, number] {
  const key = quoteName(keyName);
  const batch = database
    .prepare<[{ limit: number; first: bigint; last: bigint }], [Buffer | null, number]>(
      `SELECT CAST(group_concat(${rowExpression(table, encoding, care)},',\n') AS BLOB), count(*)
       FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${key}>=@first AND ${key}<=@last`,
    )
    .raw();
  return (range) => batch.get(range) ?? [null, 0];
}

/** As many rows as should fill a batch, by the rows just seen; growing step by step, since the next ones may be longer. */
function nextSize(size: number, rows: number, bytes: number): number {
  const wanted = Math.round((rows * batchBytes) / Math.max(1, bytes));
  return Math.max(1, Math.min(wanted, 4 * size, mostRows));
}

/** Without a key to begin again at, the rows come one by one; long ones are looked for in a second pass. */
function writeKeylessRows(table: TableShape, output: RowOutput): number {
  const { database, writer, encoding, skipped } = output;
  const from = `FROM main.${quoteName(table.name)} NOT INDEXED`;
  const rows = database
    .prepare<[{ limit: number }], Buffer>(`SELECT CAST(${rowExpression(table, encoding, 'exact')} AS BLOB) ${from}`)
    .pluck();
  const head = insertHead(table);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let total = 0;
  const flush = (): void => {
    if (waiting.length > 0)
      writeInsert(head, Buffer.concat(waiting.flatMap((row, at) => (at === 0 ? [row] : [comma, row]))), writer);
    output.afterRows(waiting.length);
    waiting = [];
    waitingBytes = 0;
  };
  let long = 0;
  for (const row of rows.iterate({ limit: batchBytes })) {
    total += 1;
    long += skipped.size;
    if (skipped.size > 0) {
      skipped.clear();
      continue;
    }
    const text = readable(row, encoding);
    waiting.push(text);
    waitingBytes += text.length;
    if (waitingBytes >= batchBytes) flush();
  }
  flush();
  if (long > 0) writeLongRows(table, batchBytes, output);
  return total;
}

const comma = Buffer.from(',\n');

function writeInsert(head: string, rows: Buffer, writer: SqlWriter): void {
  writer.write(`${head}\n`);
  writer.write(rows);
  writer.write(';\n');
}

/** What SQLite gave, as UTF-8 throughout. */
function readable(rows: Buffer, encoding: TextEncoding): Buffer {
  const text = toUtf8(rows, encoding);
  return isUtf8(text) ? text : hexInvalidText(text);
}
