import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { MessagePort } from 'node:worker_threads';
import { toFailure } from '../../core/errors.ts';
import { copyInUse, rawCopy } from './copy.ts';
import { inspectTarget } from './inspect.ts';
import { restore } from './restore.ts';
import type { FromWorker, Task, TaskResults, ToWorker } from './tasks.ts';
import { dumpText } from './text.ts';
import { Cancelled, threadOf, type StartMessage, type Thread } from './thread.ts';
import { verify } from './verify.ts';

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

async function answer({ task, flags }: StartMessage, port: MessagePort, signal: AbortSignal): Promise<void> {
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
      return copyInUse(task, thread);
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
