import type { RestorePreview } from './restorePreview.ts';

/**
 * How far a job is.
 *
 * Units: bytes. `totalBytes` is absent where the end cannot be known; then no percentage is shown.
 */
export interface Progress {
  readonly phase: 'preparing' | 'dumping' | 'verifying' | 'compressing' | 'safety' | 'restoring' | 'deleting';
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  readonly rows?: number;
}

/** A question that a job puts to the person who started it. The answer is yes or no; a closed channel says no. */
export type Question =
  | { readonly kind: 'confirmRestore'; readonly preview: RestorePreview }
  | { readonly kind: 'rollBack'; readonly alias: string; readonly reason: string };

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/**
 * What a running job may say and hear: cancellation, progress, log, questions. The only way out of the layers below the shell.
 *
 * Errors: once `signal` is aborted, whoever waits throws its reason (`signal.throwIfAborted()`).
 */
export interface Run {
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  log(level: LogLevel, text: string): void;
  ask(question: Question): Promise<boolean>;
}
