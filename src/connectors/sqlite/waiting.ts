import { codeOf, inUse, isBusy } from './failures.ts';
import type { Thread } from './thread.ts';

/** How long a lock of another program is waited for. Units: ms. */
export const patienceMs = 10_000;
const retryMs = 25;

/** Thrown by an attempt that found a lock where SQLite itself reports none. */
export class Busy extends Error {
  readonly code = 'SQLITE_BUSY';
}

/**
 * Repeats an attempt while another program holds `path`, for ten seconds.
 *
 * Errors: BackupError 'sqlite.inUse' naming the holders, after that; anything else the attempt throws, at once.
 */
export async function untilFree<T>(path: string, thread: Thread, attempt: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  let isLogged = false;
  for (;;) {
    thread.checkpoint();
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > deadline) throw inUse(path, error);
      if (!isLogged) thread.log('info', `Waiting for a lock of another program (${codeOf(error)}).`);
      isLogged = true;
    }
    thread.pause(retryMs);
  }
}
