import { Worker } from 'node:worker_threads';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { threadEntry, threadOptions } from './threadEntry.ts';
import { flag, type FromWorker, type Task, type TaskOf, type TaskResults, type ToWorker } from './tasks.ts';

/** How long a cancelled task may take to clean up before the caller is told. A restore is waited for: it is putting the old rows back. */
const cleanUpMs = 1000;

/** A thread that has done its task and waits for the next: starting one costs 30 ms. It keeps no process alive. */
let idle: Worker | undefined;

/**
 * Runs one task in a worker thread, so that this thread stays free to hear a cancel.
 *
 * Errors: BackupError as the task threw it; the abort reason once cancelled. A cancel during a call that nothing can interrupt
 * (`quick_check`) rejects at once, and the thread ends when that call returns.
 */
export function runInWorker<Kind extends Task['kind']>(task: TaskOf<Kind>, run: Run): Promise<TaskResults[Kind]> {
  run.signal.throwIfAborted();
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = takeWorker();
  const send = (message: ToWorker): void => worker.postMessage(message);

  return new Promise<TaskResults[Kind]>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stopListening = (): void => {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', cancel);
      worker.removeAllListeners();
    };
    const finish = (): void => {
      stopListening();
      giveBack(worker);
    };
    const giveUp = (error: unknown): void => {
      stopListening();
      discard(worker);
      reject(error);
    };
    const cancel = (): void => {
      Atomics.store(flags, flag.cancel, 1);
      Atomics.notify(flags, flag.cancel);
      send({ kind: 'cancel' });
      if (Atomics.load(flags, flag.blocked) === 1) giveUp(run.signal.reason);
      else if (task.kind !== 'restore') timer = setTimeout(giveUp, cleanUpMs, run.signal.reason);
    };
    run.signal.addEventListener('abort', cancel);

    worker.on('message', (message: FromWorker<Kind>) => {
      switch (message.kind) {
        case 'progress':
          run.progress(message.progress);
          return;
        case 'log':
          run.log(message.level, message.text);
          return;
        case 'done':
          finish();
          resolve(message.result);
          return;
        case 'failed':
          finish();
          reject(new BackupError(message.failure.code, message.failure.sentence, { hint: message.failure.hint }));
          return;
        case 'cancelled':
          finish();
          reject(run.signal.reason);
      }
    });
    worker.on('error', giveUp);
    worker.on('exit', (code) => giveUp(new Error(`The SQLite thread ended with code ${code} and no result.`)));
    send({ kind: 'start', task, flags });
  });
}

/** Starts the thread of the first task, which then need not wait for it. */
export function warmUpWorker(): void {
  if (idle === undefined) giveBack(new Worker(threadEntry, threadOptions));
}

function takeWorker(): Worker {
  const worker = idle ?? new Worker(threadEntry, threadOptions);
  idle = undefined;
  worker.removeAllListeners();
  worker.ref();
  return worker;
}

function giveBack(worker: Worker): void {
  if (idle !== undefined) {
    discard(worker);
    return;
  }
  idle = worker;
  worker.unref();
  worker.on('error', () => undefined);
  worker.on('exit', () => {
    if (idle === worker) idle = undefined;
  });
}

/** Ends a thread in the background. What it may still say concerns nobody; without a listener it would be thrown. */
function discard(worker: Worker): void {
  worker.unref();
  worker.on('error', () => undefined);
  void worker.terminate();
}
