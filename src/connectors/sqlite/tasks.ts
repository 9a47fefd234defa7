import type { Inspection, VerificationLevel } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import type { Failure } from '../../core/errors.ts';
import type { LogLevel, Progress } from '../../core/run.ts';

/** What a written copy is known to hold. */
export interface Copied {
  readonly contents: Contents;
  /** `SQLite 3.54.0`: the library that read the database. */
  readonly serverVersion: string;
  readonly warnings: readonly string[];
  /** Of the whole copy, where its bytes passed through our hands. Hex. */
  readonly sha256?: string;
}

/**
 * What the worker thread can be asked to do; paths are absolute, `scratch` is the job's private directory, in which the task makes one of its own.
 *
 * Shape: `backup`, `rawCopy` and `dumpSql` fill the empty file `destination`; `restore` goes by the kind of the dump.
 */
export type Task =
  | { readonly kind: 'backup'; readonly source: string; readonly destination: string; readonly scratch: string }
  | { readonly kind: 'rawCopy'; readonly source: string; readonly destination: string; readonly scratch: string }
  | {
      readonly kind: 'dumpSql';
      readonly source: string;
      readonly destination: string;
      readonly exclude: readonly string[];
      readonly scratch: string;
    }
  | { readonly kind: 'restore'; readonly dump: string; readonly target: string; readonly scratch: string }
  | {
      readonly kind: 'verify';
      readonly format: 'sqlite' | 'sqlite-sql';
      readonly path: string;
      readonly level: VerificationLevel;
      readonly scratch: string;
    }
  | { readonly kind: 'inspect'; readonly target: string; readonly scratch: string };

export interface TaskResults {
  readonly backup: Copied;
  readonly rawCopy: Copied;
  readonly dumpSql: Copied;
  readonly restore: undefined;
  readonly verify: Contents;
  readonly inspect: Inspection;
}

export type TaskOf<Kind extends Task['kind']> = Task & { readonly kind: Kind };

/** To the worker: one `start`, then perhaps one `cancel`. The flags are seen even while a native call blocks the worker's messages. */
export type ToWorker =
  { readonly kind: 'start'; readonly task: Task; readonly flags: Int32Array<SharedArrayBuffer> } | { readonly kind: 'cancel' };

/** From the worker: any number of `progress` (ten a second at most) and `log`, then one of the others. */
export type FromWorker<Kind extends Task['kind']> =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'log'; readonly level: LogLevel; readonly text: string }
  | { readonly kind: 'done'; readonly result: TaskResults[Kind] }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'cancelled' };

/** Places in the shared flags: `cancel` is set by the main thread, `blocked` by the worker around a call that nothing can interrupt. */
export const flag = { cancel: 0, blocked: 1 } as const;
