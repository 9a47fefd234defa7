import { Worker } from 'node:worker_threads';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { flag, type FromWorker, type Task, type TaskOf, type TaskResults, type ToWorker } from './tasks.ts';

// From source this file is two folders below the worker's entry; bundled, both lie side by side.
const entry = new URL(import.meta.url.endsWith('.ts') ? '../../sqliteWorker.ts' : './sqliteWorker.js', import.meta.url);

/** How long a cancelled task may take to clean up before the caller is told. A restore is waited for: it is putting the old rows back. */
const cleanUpMs = 1000;

/**
 * Runs one task in a worker thread of its own, so that this thread stays free to hear a cancel.
 *
 * Errors: BackupError as the task threw it; the abort reason once cancelled. A cancel during a call that nothing can interrupt
 * (`quick_check`) rejects at once, and the thread ends when that call returns.
 */
export function runInWorker<Kind extends Task['kind']>(task: TaskOf<Kind>, run: Run): Promise<TaskResults[Kind]> {
  run.signal.throwIfAborted();
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(entry);
  const send = (message: ToWorker): void => worker.postMessage(message);

  return new Promise<TaskResults[Kind]>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stopListening = (): void => {
      clearTimeout(timer);
      run.signal.removeEventListener('abort', cancel);
      worker.removeAllListeners();
      // What a dying worker may still say concerns nobody; without a listener it would be thrown.
      worker.on('error', () => undefined);
    };
    const giveUp = (error: unknown): void => {
      stopListening();
      worker.unref();
      void worker.terminate();
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
          stopListening();
          resolve(message.result);
          return;
        case 'failed':
          stopListening();
          reject(new BackupError(message.failure.code, message.failure.sentence, { hint: message.failure.hint }));
          return;
        case 'cancelled':
          stopListening();
          reject(run.signal.reason);
      }
    });
    worker.on('error', giveUp);
    worker.on('exit', (code) => giveUp(new Error(`The SQLite thread ended with code ${code} and no result.`)));
    send({ kind: 'start', task, flags });
  });
}
