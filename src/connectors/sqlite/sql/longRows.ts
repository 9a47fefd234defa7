import { isUtf8 } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import { release } from '../../../core/memory.ts';
import { quoteName } from '../contents.ts';
import { decodeText, type TextEncoding } from './encoding.ts';
import { hexInvalidText } from './literals.ts';
import { insertHead, toUtf8, type Column, type TableShape } from './schema.ts';
import { valueExpression } from './values.ts';
import type { SqlWriter } from './writer.ts';

/** Values longer than this are written in slices, so that their text is never whole in memory. */
const longBytes = 1 << 20;

interface Output {
  readonly database: Database;
  readonly encoding: TextEncoding;
  readonly writer: SqlWriter;
}

/** `kind` is null for a value that came as the literal itself. */
type Value = readonly [kind: 'text' | 'blob' | null, bytes: Buffer];

/** Writes one row of a table after another, value by value: at most two copies of one value are in memory. */
export class LongRowWriter {
  private readonly table: TableShape;
  private readonly output: Output;
  private readonly readers: readonly ((rowid: bigint) => Value)[];

  /** `key` is the name of the rowid. */
  constructor(table: TableShape, key: string, output: Output) {
    this.table = table;
    this.output = output;
    this.readers = table.columns.map((column) => {
      const statement = output.database
        .prepare<[{ limit: number; rowid: bigint }], Value>(
          `SELECT ${valueColumns(column, output.encoding)} FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${quoteName(key)}=@rowid`,
        )
        .raw();
      return (rowid) => statement.get({ limit: longBytes, rowid }) ?? [null, Buffer.from('NULL')];
    });
  }

  write(rowid: bigint): void {
    const { writer } = this.output;
    writer.write(`${insertHead(this.table)}\n(`);
    if (this.table.key.kind === 'implicit') writer.write(`${rowid},`);
    this.readers.forEach((read, at) => {
      if (at > 0) writer.write(',');
      const value = read(rowid);
      writeValue(value, this.output);
      release(value[1]);
    });
    writer.write(');\n');
  }
}

/** Writes the rows of a table without rowid that have a value longer than `limitBytes`. */
export function writeLongRows(table: TableShape, limitBytes: number, output: Output): void {
  const values = table.columns.map((column) => valueColumns(column, output.encoding));
  const isLong = table.columns.map(({ name }) => `octet_length(${quoteName(name)})> @shortest`);
  const rows = output.database
    .prepare<[{ limit: number; shortest: number }], (Buffer | 'text' | 'blob' | null)[]>(
      `SELECT ${values.join(',')} FROM main.${quoteName(table.name)} NOT INDEXED WHERE ${isLong.join(' OR ')}`,
    )
    .raw();
  for (const row of rows.iterate({ limit: longBytes, shortest: limitBytes })) {
    output.writer.write(`${insertHead(table)}\n(`);
    for (let at = 0; at < row.length; at += 2) {
      const kind = row[at];
      const bytes = row[at + 1];
      if (at > 0) output.writer.write(',');
      if (bytes instanceof Buffer) writeValue([kind === 'text' || kind === 'blob' ? kind : null, bytes], output);
      if (bytes instanceof Buffer) release(bytes);
    }
    output.writer.write(');\n');
  }
}

/** Two expressions: the kind of a long value, else NULL; and its bytes, else the literal. */
function valueColumns(column: Column, encoding: TextEncoding): string {
  const value = quoteName(column.name);
  const kind = `CASE WHEN octet_length(${value})> @limit THEN typeof(${value}) END`;
  return `${kind},CAST(${valueExpression(column, encoding, value)} AS BLOB)`;
}

function writeValue([kind, bytes]: Value, { encoding, writer }: Output): void {
  if (kind === null) {
    const literal = toUtf8(bytes, encoding);
    writer.write(isUtf8(literal) ? literal : hexInvalidText(literal));
    return;
  }
  const text = kind === 'text' ? plainText(bytes, encoding) : undefined;
  if (text === undefined) writer.write(kind === 'text' ? "CAST(X'" : "X'");
  else writer.write("'");
  if (text === undefined) writer.writeHex(bytes);
  else writer.writeQuoted(text);
  writer.write(kind === 'text' && text === undefined ? "' AS TEXT)" : "'");
}

/** A text as UTF-8 when a plain literal can hold it. */
function plainText(bytes: Buffer, encoding: TextEncoding): Buffer | undefined {
  if (encoding === 'UTF-8') return isUtf8(bytes) && !bytes.includes(0) ? bytes : undefined;
  const text = decodeText(bytes, encoding);
  return text === undefined || text.includes('\0') ? undefined : Buffer.from(text);
}
