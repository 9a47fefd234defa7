import * as z from 'zod';
import { restorePreviewSchema } from './restorePreview.ts';

/**
 * How far a job is.
 *
 * Units: bytes. `totalBytes` is absent where the end cannot be known; then no percentage is shown.
 */
export const progressSchema = z.object({
  phase: z.enum(['preparing', 'dumping', 'verifying', 'compressing', 'safety', 'restoring', 'deleting']),
  doneBytes: z.number().optional(),
  totalBytes: z.number().optional(),
  rows: z.number().optional(),
});

export type Progress = z.infer<typeof progressSchema>;

/** A question that a job puts to the person who started it. The answer is yes or no; a closed channel says no. */
export const questionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('confirmRestore'), preview: restorePreviewSchema }),
  z.object({ kind: z.literal('rollBack'), alias: z.string(), reason: z.string() }),
  /** Whether to go on although something is not as it should be. `title` and `detail` are sentences of ours; `yes` is the verb on the button. */
  z.object({ kind: z.literal('proceed'), alias: z.string(), title: z.string(), detail: z.string(), yes: z.string() }),
]);

export type Question = z.infer<typeof questionSchema>;

export const logLevelSchema = z.enum(['debug', 'info', 'warning', 'error']);

export type LogLevel = z.infer<typeof logLevelSchema>;

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
