import type { Thread } from '../../src/connectors/sqlite/thread.ts';

/** What a task of the SQLite thread is given, outside of that thread: nobody to report to, nobody who cancels. */
export function quietThread(scratch: string): Thread {
  const nothing = (): void => undefined;
  return {
    signal: new AbortController().signal,
    scratch,
    checkpoint: nothing,
    pause: nothing,
    blocked: (call) => call(),
    progress: nothing,
    log: nothing,
  };
}
