import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import { toFailure } from '../../core/errors.ts';
import type { LogLevel, Progress } from '../../core/run.ts';
import { onlineBackup, rawCopy } from './copy.ts';
import { inspectTarget } from './inspect.ts';
import { restore } from './restore.ts';
import { flag, type FromWorker, type Task, type TaskResults, type ToWorker } from './tasks.ts';
import { dumpText } from './text.ts';
import { verify } from './verify.ts';

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

type Start = ToWorker & { readonly kind: 'start' };

const progressEveryMs = 100;

/** Performs tasks one after the other, as they are sent. */
export function serve(port: MessagePort): void {
  let current = new AbortController();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'cancel') {
      current.abort(new Cancelled());
      return;
    }
    current = new AbortController();
    void answer(message, port, current.signal);
  });
}

async function answer({ task, flags }: Start, port: MessagePort, signal: AbortSignal): Promise<void> {
  const say = (message: FromWorker<Task['kind']>): void => port.postMessage(message);
  try {
    say({ kind: 'done', result: await performIn(task, (scratch) => threadOf(port, flags, signal, scratch)) });
  } catch (error) {
    if (error instanceof Cancelled) {
      say({ kind: 'cancelled' });
      return;
    }
    // The cause and the stack stay here: of a failure only code, sentence and hint cross.
    if (error instanceof Error) say({ kind: 'log', level: 'debug', text: inspect(error) });
    say({ kind: 'failed', failure: toFailure(error) });
  }
}

async function performIn(task: Task, threadIn: (scratch: string) => Thread): Promise<TaskResults[Task['kind']]> {
  const scratch = mkdtempSync(join(task.scratch, 'sqlite-'));
  try {
    return await perform(task, threadIn(scratch));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function perform(task: Task, thread: Thread): TaskResults[Task['kind']] | Promise<TaskResults[Task['kind']]> {
  switch (task.kind) {
    case 'backup':
      return onlineBackup(task, thread);
    case 'rawCopy':
      return rawCopy(task, thread);
    case 'dumpSql':
      return dumpText(task, thread);
    case 'restore':
      return restore(task, thread);
    case 'verify':
      return verify(task, thread);
    case 'inspect':
      return inspectTarget(task.target, thread);
  }
}

class Cancelled extends Error {
  override readonly name = 'AbortError';
}

function threadOf(port: MessagePort, flags: Start['flags'], signal: AbortSignal, scratch: string): Thread {
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
