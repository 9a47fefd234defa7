import { release } from '../../../core/memory.ts';
import { quoteName } from '../contents.ts';
import { LongRowWriter, writeLongRows } from './longRows.ts';
import type { Partner } from './partner.ts';
import { batchBytes, keys, RangeWriter, readable, writeInsert, type RowOutput } from './ranges.ts';
import { insertHead, type TableShape } from './schema.ts';
import { rowExpression } from './values.ts';

/** Batches that both threads write side by side, before the next ones are shared out. */
const sharedBatches = 48;

/** Writes all rows of a table as INSERTs of many rows, in the order of their keys; every second stretch of them comes from the partner. */
export function writeRows(table: TableShape, output: RowOutput, partner: Partner | undefined): void {
  if (table.key.kind === 'none') writeKeylessRows(table, output);
  else writeKeyedRows(table, table.key.name, output, partner);
}

function writeKeyedRows(table: TableShape, key: string, output: RowOutput, partner: Partner | undefined): void {
  const longRows = new LongRowWriter(table, key, output);
  const ranges = new RangeWriter(table, key, output, (rowid) => {
    longRows.write(rowid);
    output.afterRows(1);
    return true;
  });
  for (let first = keys.lowest; ;) {
    const { batchRows } = ranges;
    const theirBatches = partner?.batches ?? 0;
    const end = ranges.lastOf(first, (sharedBatches - theirBatches) * batchRows);
    const isShared = end < keys.highest && partner?.isThere === true;
    const theirEnd = isShared ? ranges.lastOf(end + 1n, theirBatches * batchRows) : end;
    if (isShared) partner.begin({ table, key, first: end + 1n, end: theirEnd, batchRows });
    ranges.write(first, end);
    const left = isShared ? partner.finish(output) : undefined;
    if (left !== undefined) ranges.write(left, theirEnd);
    if (theirEnd === keys.highest) return;
    first = theirEnd + 1n;
  }
}

/** Without a key to begin again at, the rows come one by one; long ones are looked for in a second pass. */
function writeKeylessRows(table: TableShape, output: RowOutput): void {
  const { database, writer, encoding, skipped } = output;
  const from = `FROM main.${quoteName(table.name)} NOT INDEXED`;
  const rows = database
    .prepare<[{ limit: number }], Buffer>(`SELECT CAST(${rowExpression(table, encoding, 'exact')} AS BLOB) ${from}`)
    .pluck();
  const head = insertHead(table);
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = (): void => {
    writeInsert(head, waiting, writer);
    waiting.forEach(release);
    output.afterRows(waiting.length);
    waiting = [];
    waitingBytes = 0;
  };
  let long = 0;
  for (const row of rows.iterate({ limit: batchBytes })) {
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
  output.afterRows(long);
}
