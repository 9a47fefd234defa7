import { targetKey, targetLabel, type Database } from '../core/database.ts';
import { withLock } from '../system/lock.ts';
import type { JobContext } from './context.ts';

/** How long the last step of publishing waits for another job that publishes into, or cleans, the same folder. */
const directoryPatienceMs = 30_000;

/** Holds the one lock of a target, for backup, restore and recover alike. Errors: `job.busy` at once when another job has it. */
export function withTargetLock<Result>(
  { alias, target }: Database,
  purpose: 'backup' | 'restore',
  { stateDirectory, run }: JobContext,
  body: () => Promise<Result>,
): Promise<Result> {
  const request = { stateDirectory, key: targetKey(target), label: targetLabel(target), purpose: `the ${purpose} of ${alias}` };
  return withLock({ ...request, waitMs: 0, signal: run.signal }, body);
}

/** Holds the lock of a dump directory, given by its real path. */
export function withDirectoryLock<Result>(
  realDirectory: string,
  purpose: string,
  { stateDirectory, run }: JobContext,
  body: () => Promise<Result>,
): Promise<Result> {
  const request = { stateDirectory, key: `directory:${realDirectory}`, label: realDirectory, purpose };
  return withLock({ ...request, waitMs: directoryPatienceMs, signal: run.signal }, body);
}
