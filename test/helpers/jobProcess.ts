import { fork } from 'node:child_process';
import { argumentsFor, jobOptions } from '../../src/channel/client.ts';
import { messageFromJobSchema, protocolVersion, type MessageFromJob, type MessageToJob } from '../../src/channel/protocol.ts';
import type { JobRequest } from '../../src/core/job.ts';

/** A job process under test's own hands: started, answered with yes, killed at will. */
export interface JobUnderTest {
  /** The last word of the process; undefined when it was killed before it had one. */
  readonly lastWord: Promise<MessageFromJob | undefined>;
  /** SIGKILL to the job's whole process group. */
  kill(): void;
}

/** Starts `entry` (source or bundle) in a process group of its own and answers every question with yes. */
export function startJob(entry: string, request: JobRequest): JobUnderTest {
  const child = fork(entry, argumentsFor(request), jobOptions);
  const say = (message: MessageToJob): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  let last: MessageFromJob | undefined;
  child.stdout?.resume();
  child.stderr?.resume();
  child.on('message', (received) => {
    const message = messageFromJobSchema.parse(received);
    if (message.kind === 'question') say({ kind: 'answer', id: message.id, yes: true });
    if (message.kind === 'done' || message.kind === 'failed' || message.kind === 'cancelled') last = message;
  });
  const lastWord = new Promise<MessageFromJob | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(last));
  });
  say({ kind: 'start', version: protocolVersion, request });
  return {
    lastWord,
    kill() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It ended by itself a moment ago.
      }
    },
  };
}
