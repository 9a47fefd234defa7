import { Worker } from 'node:worker_threads';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { isBusy } from '../failures.ts';
import type { TextEncoding } from './encoding.ts';
import { Pipe } from './pipe.ts';
import type { RowOutput } from './ranges.ts';
import type { TableShape } from './schema.ts';
import { threadEntry, threadOptions } from '../threadEntry.ts';

/** `path` is one that SQLite can open as it is. */
export interface PartnerFile {
  readonly path: string;
  readonly encoding: TextEncoding;
}

/** Rows of a table, by the values of `key`, its rowid; `batchRows` is how many seem to make a batch. */
export interface Stretch {
  readonly table: TableShape;
  readonly key: string;
  readonly first: bigint;
  readonly end: bigint;
  readonly batchRows: number;
}

/** Each is answered through the pipe. */
export type ToPartner =
  ({ readonly kind: 'open' } & PartnerFile) | ({ readonly kind: 'write' } & Stretch) | { readonly kind: 'close' };

const leastBatches = 12;
// What the pipe holds, so that it need not wait.
const mostBatches = 31;
const patienceMs = 50;
const closeMs = 2000;

/**
 * A second thread that reads rows of the database which the calling thread is dumping, in the very same state.
 *
 * Shape:  start it before the read transaction begins: a third connection sees whether anybody has committed until the partner's has begun.
 *         It joins when it is ready, and never when the states could differ. The caller needs no event loop. Close it before the database.
 */
export class Partner {
  /** Stays `opening` until `isThere` is asked. */
  state: 'opening' | 'idle' | 'writing' | 'gone' = 'opening';
  /** How many batches it should be given: fewer after it was waited for, more after it was not. */
  batches = 24;
  private readonly pipe = new Pipe();
  private readonly worker: Worker;
  private readonly watch: Database;
  private readonly version: unknown;

  constructor(file: PartnerFile) {
    this.watch = new SqliteDatabase(file.path, { readonly: true, fileMustExist: true, timeout: 0 });
    this.version = dataVersion(this.watch);
    this.worker = new Worker(threadEntry, { ...threadOptions, workerData: this.pipe.memory });
    this.worker.on('error', () => undefined);
    this.say({ kind: 'open', ...file });
  }

  /** True once it has joined. To be asked while the caller's read transaction is open. */
  get isThere(): boolean {
    if (this.state === 'opening' && this.pipe.isFilled) {
      const isOpen = this.pipe.take((kind) => kind === 'end');
      this.state = 'idle';
      if (!isOpen || dataVersion(this.watch) !== this.version) this.close();
      else this.watch.close();
    }
    return this.state === 'idle';
  }

  /** Lets it read a stretch; `finish` must follow. */
  begin(stretch: Stretch): void {
    this.state = 'writing';
    this.say({ kind: 'write', ...stretch });
  }

  /**
   * Waits for the stretch and writes it to `output`. Gives the key of the first row that is left to the caller.
   *
   * Errors: SQLite's own, by their code, as the other thread met them; what `afterRows` throws while it waits.
   */
  finish({ writer, afterRows }: RowOutput): bigint | undefined {
    let isLate = false;
    for (;;) {
      isLate ||= !this.pipe.isFilled;
      while (!this.pipe.isFilledWithin(patienceMs)) afterRows(0);
      const { kind, said } = this.pipe.take((kind, bytes) => {
        if (kind === 'text') writer.write(bytes);
        return { kind, said: kind === 'text' ? '' : bytes.toString() };
      });
      if (kind === 'text') continue;
      this.state = 'idle';
      this.batches = Math.max(leastBatches, Math.min(this.batches + (isLate ? -1 : 1), mostBatches));
      const [first = '', ...rest] = said.split(' ');
      if (kind === 'failure') throw Object.assign(new Error(rest.join(' ')), { code: first });
      afterRows(Number(first));
      const left = rest[0] ?? '';
      return left === '' ? undefined : BigInt(left);
    }
  }

  /** Ends it, whatever it is at. Its connection is closed afterwards. */
  close(): void {
    if (this.state === 'gone') return;
    // What it has still to say comes before its last answer.
    let answers = this.state === 'idle' ? 1 : 2;
    this.state = 'gone';
    this.say({ kind: 'close' });
    for (const deadline = performance.now() + closeMs; answers > 0 && performance.now() < deadline;) {
      if (this.pipe.isFilledWithin(patienceMs)) answers -= this.pipe.take((kind) => (kind === 'text' ? 0 : 1));
    }
    this.watch.close();
    void this.worker.terminate();
  }

  private say(message: ToPartner): void {
    this.worker.postMessage(message);
  }
}

/** Another number whenever somebody else has committed since this connection last asked; none that equals another while one is about to. */
function dataVersion(database: Database): unknown {
  try {
    return database.pragma('data_version', { simple: true });
  } catch (error) {
    if (isBusy(error)) return Symbol('busy');
    throw error;
  }
}
