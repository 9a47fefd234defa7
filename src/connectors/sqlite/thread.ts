import type { MessagePort } from 'node:worker_threads';
import type { LogLevel, Progress } from '../../core/run.ts';
import { flag, type FromWorker, type Task, type ToWorker } from './tasks.ts';

/** What a task may say and hear while it runs in the thread. */
export interface Thread {
  /** Aborted soon after a cancel, when the thread is idle: for what is awaited. */
  readonly signal: AbortSignal;
  /** A private folder of this task alone; removed with all it holds when the task ends. */
  readonly scratch: string;
  /** Throws once the task is cancelled. Cheap: call it between native calls. */
  checkpoint(): void;
  /** Waits; ends at once, throwing, when cancelled. */
  pause(milliseconds: number): void;
  /** Runs a call that cannot be interrupted: a cancel meanwhile does not wait for it. */
  blocked<T>(call: () => T): T;
  progress(progress: Progress): void;
  log(level: LogLevel, text: string): void;
}

export type StartMessage = ToWorker & { readonly kind: 'start' };

const progressEveryMs = 100;

/** Thrown by `checkpoint` and `pause`. */
export class Cancelled extends Error {
  override readonly name = 'AbortError';
}

/** What a task says goes through `port`; what it hears comes through `flags`, which are seen even while a native call blocks the port. */
export function threadOf(port: MessagePort, flags: StartMessage['flags'], signal: AbortSignal, scratch: string): Thread {
  let nextProgress = 0;
  const say = (message: FromWorker<Task['kind']>): void => port.postMessage(message);
  const checkpoint = (): void => {
    if (Atomics.load(flags, flag.cancel) === 1) throw new Cancelled();
  };
  return {
    signal,
    scratch,
    checkpoint,
    pause(milliseconds) {
      Atomics.wait(flags, flag.cancel, 0, milliseconds);
      checkpoint();
    },
    blocked(call) {
      // In this order a cancel is either seen here or finds the flag set.
      Atomics.store(flags, flag.blocked, 1);
      try {
        checkpoint();
        return call();
      } finally {
        Atomics.store(flags, flag.blocked, 0);
      }
    },
    progress(progress) {
      const now = performance.now();
      if (now < nextProgress) return;
      nextProgress = now + progressEveryMs;
      say({ kind: 'progress', progress });
    },
    log: (level, text) => say({ kind: 'log', level, text }),
  };
}
