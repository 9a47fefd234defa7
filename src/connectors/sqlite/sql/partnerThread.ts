import type { MessagePort } from 'node:worker_threads';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { codeOf } from '../failures.ts';
import { readOnceCache } from '../source.ts';
import type { PartnerFile, Stretch, ToPartner } from './partner.ts';
import { pieceBytes, Pipe } from './pipe.ts';
import { RangeWriter, type RowOutput } from './ranges.ts';
import type { TableShape } from './schema.ts';
import { addFunctions } from './values.ts';
import { SqlWriter } from './writer.ts';

/** Answers each message through the pipe in `memory`: with the text of the rows it asks for, then with how it went. */
export function servePartner(port: MessagePort, memory: SharedArrayBuffer): void {
  const pipe = new Pipe(memory);
  let reader: Reader | undefined;
  port.on('message', (message: ToPartner) => {
    try {
      if (message.kind === 'open') reader = new Reader(message, pipe);
      if (message.kind === 'close') {
        reader?.close();
        port.close();
      }
      pipe.put('end', Buffer.from(message.kind === 'write' ? (reader?.write(message) ?? '') : ''));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      pipe.put('failure', Buffer.from(`${codeOf(error)} ${said}`));
    }
  });
}

class Reader {
  private readonly database: Database;
  private readonly output: RowOutput;
  private table: { readonly name: string; readonly ranges: RangeWriter } | undefined;
  private rows = 0;

  constructor({ path, encoding }: PartnerFile, pipe: Pipe) {
    const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true, timeout: 0 });
    this.database = database;
    this.output = {
      database,
      encoding,
      writer: new SqlWriter((block) => pipe.put('text', block), pieceBytes),
      skipped: new Set(),
      afterRows: (count) => void (this.rows += count),
    };
    database.pragma('trusted_schema = OFF');
    database.pragma(readOnceCache);
    database.exec('BEGIN');
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    addFunctions(database, encoding, this.output.skipped);
  }

  /** Gives the number of rows written, and the key of the first one that is left to the other thread. */
  write({ table, key, first, end, batchRows }: Stretch): string {
    const ranges = this.table?.name === table.name ? this.table.ranges : this.open(table, key);
    ranges.batchRows = batchRows;
    this.rows = 0;
    const left = ranges.write(first, end);
    this.output.writer.flush();
    return `${this.rows} ${left ?? ''}`;
  }

  close(): void {
    this.database.close();
  }

  /** The longest rows are left: only one of them may be in memory at a time. */
  private open(table: TableShape, key: string): RangeWriter {
    const ranges: RangeWriter = new RangeWriter(table, key, this.output, (rowid) => ranges.writeAlone(rowid));
    this.table = { name: table.name, ranges };
    return ranges;
  }
}
