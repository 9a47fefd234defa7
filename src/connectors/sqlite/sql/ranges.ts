import { isUtf8 } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import { release } from '../../../core/memory.ts';
import { quoteName } from '../contents.ts';
import type { TextEncoding } from './encoding.ts';
import { hexInvalidText } from './literals.ts';
import { insertHead, toUtf8, type TableShape } from './schema.ts';
import { rowExpression } from './values.ts';
import type { SqlWriter } from './writer.ts';

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
export const batchBytes = 32 << 10;
/** What one batch may hold when each of its values is as long as it may be. */
const worstBatchBytes = 4 << 20;
const mostRows = 5000;

/** The lowest and the highest key. */
export const keys = { lowest: -(2n ** 63n), highest: 2n ** 63n - 1n } as const;

/** Writes ranges of the rows of a table as INSERTs of many rows each, which SQLite itself joins to one text. */
export class RangeWriter {
  /** How many rows seem to make a batch, by those just seen. */
  batchRows = 16;
  /** The last key of as many rows from `first` on; the highest of all when there are fewer. */
  readonly lastOf: (first: bigint, rows: number) => bigint;
  private isDense = false;
  private isAlone = false;
  private readonly output: RowOutput;
  /** The longest value of a batch of one row. */
  private readonly longestAlone: number;
  private readonly head: string;
  private readonly exact: BatchReader;
  private readonly plain: BatchReader;
  private readonly writeLong: (rowid: bigint) => boolean;

  /** `key` is the name of the rowid. `writeLong` writes, and counts, a row that is too long for its batch; false leaves it and all behind it. */
  constructor(table: TableShape, key: string, output: RowOutput, writeLong: (rowid: bigint) => boolean) {
    this.output = output;
    this.longestAlone = Math.floor(worstBatchBytes / table.columns.length);
    this.head = insertHead(table);
    this.exact = batchReader(table, key, output, 'exact');
    this.plain = output.encoding === 'UTF-8' ? batchReader(table, key, output, 'plain') : this.exact;
    this.lastOf = keyFinder(table, key, output.database);
    this.writeLong = writeLong;
  }

  /** Writes the rows with the keys from `first` to `end` in their order. Gives the key of the first one that was left. */
  write(first: bigint, end: bigint): bigint | undefined {
    const { writer } = this.output;
    for (let from = first; from <= end;) {
      const size = this.batchRows;
      const last = lower(end, this.isDense ? from + BigInt(size - 1) : this.lastOf(from, size));
      const limit = Math.max(256, Math.floor(this.longestAlone / size));
      const before = writer.sizeBytes;
      const { rows, left } = this.writeBatch(from, last, limit);
      if (left !== undefined) return left;
      this.isDense = 2 * rows > last - from;
      if (rows > 0) this.batchRows = nextRows(size, rows, writer.sizeBytes - before);
      from = last + 1n;
    }
    return undefined;
  }

  /** Writes a row that was too long for its batch as a batch of its own. False when it is too long for that as well. */
  writeAlone(rowid: bigint): boolean {
    if (this.isAlone) return false;
    this.isAlone = true;
    try {
      return this.writeBatch(rowid, rowid, this.longestAlone).left === undefined;
    } finally {
      this.isAlone = false;
    }
  }

  private writeBatch(first: bigint, last: bigint, limit: number): { readonly rows: number; readonly left?: bigint } {
    const { skipped, encoding, writer } = this.output;
    const range = { limit, first, last };
    let [body, rows] = this.plain(range);
    // What follows a NUL was not looked at.
    if (this.plain !== this.exact && skipped.size === 0 && body?.includes(0) === true) [body, rows] = this.exact(range);
    const long = [...skipped];
    skipped.clear();
    if (body !== null && long.length === 0) writeInsert(this.head, [readable(body, encoding)], writer);
    if (body !== null) release(body);
    if (long.length === 0) {
      this.output.afterRows(rows);
      return { rows };
    }
    const left = this.writeAround(long, range);
    return left === undefined ? { rows } : { rows, left };
  }

  /** The rows between the long ones in batches, and those one by one. */
  private writeAround(
    long: readonly (bigint | null)[],
    { first, last, limit }: { readonly first: bigint; readonly last: bigint; readonly limit: number },
  ): bigint | undefined {
    let next = first;
    for (const rowid of long) {
      if (rowid === null) continue;
      if (next < rowid) this.writeBatch(next, rowid - 1n, limit);
      if (!this.writeLong(rowid)) return rowid;
      next = rowid + 1n;
    }
    if (next <= last) this.writeBatch(next, last, limit);
    return undefined;
  }
}

type BatchReader = (range: { limit: number; first: bigint; last: bigint }) => [Buffer | null, number];

/** Gives a function that reads a range of keys: its rows as one text, and their number. */
function batchReader(
  table: TableShape,
  keyName: string,
  { database, encoding }: RowOutput,
  care: 'plain' | 'exact',
): BatchReader {
  const key = quoteName(keyName);
  const batch = database
    .prepare<[{ limit: number; first: bigint; last: bigint }], [Buffer | null, number]>(
      `SELECT CAST(group_concat(${rowExpression(table, encoding, care)},',\n') AS BLOB), count(*)
       FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${key}>=@first AND ${key}<=@last`,
    )
    .raw();
  return (range) => batch.get(range) ?? [null, 0];
}

function keyFinder(table: TableShape, keyName: string, database: Database): (first: bigint, rows: number) => bigint {
  const key = quoteName(keyName);
  const find = database
    .prepare<[bigint, number], bigint>(
      `SELECT ${key} FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${key}>=? ORDER BY ${key} LIMIT 1 OFFSET ?`,
    )
    .pluck()
    .safeIntegers();
  return (first, rows) => find.get(first, rows - 1) ?? keys.highest;
}

function lower(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** As many rows as should fill a batch, by the rows just seen; growing step by step, since the next ones may be longer. */
function nextRows(size: number, rows: number, bytes: number): number {
  const wanted = Math.round((rows * batchBytes) / Math.max(1, bytes));
  return Math.max(1, Math.min(wanted, 4 * size, mostRows));
}

/** Writes one INSERT. Each part is one row or several, joined already. */
export function writeInsert(head: string, parts: readonly Buffer[], writer: SqlWriter): void {
  for (const [at, part] of parts.entries()) {
    writer.write(at === 0 ? `${head}\n` : ',\n');
    writer.write(part);
  }
  if (parts.length > 0) writer.write(';\n');
}

/** What SQLite gave, as UTF-8 throughout. */
export function readable(rows: Buffer, encoding: TextEncoding): Buffer {
  const text = toUtf8(rows, encoding);
  return isUtf8(text) ? text : hexInvalidText(text);
}
