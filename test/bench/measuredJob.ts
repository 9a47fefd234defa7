import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { argumentsFor, jobEnvironment, jobOptions } from '../../src/channel/client.ts';
import { messageFromJobSchema, protocolVersion, type MessageFromJob, type MessageToJob } from '../../src/channel/protocol.ts';
import type { JobRequest } from '../../src/core/job.ts';

/** What one job process has needed. Units: bytes above its size when `start` arrived; milliseconds from the fork on. */
export interface JobFigures {
  readonly growthBytes: number;
  readonly firstWorkMs: number;
  readonly durationMs: number;
}

/**
 * Runs a job in a process of its own, as the editor does, and answers every question with yes.
 *
 * Shape:  `start: 'atOnce'` sends the request with the fork; `'whenReady'` waits until the process has loaded all it loads,
 *         so that its memory can be compared with before; no thread is started for its connector until then.
 * Errors: an Error with the job's failure.
 */
export async function runMeasured(jobProcess: string, request: JobRequest, start: 'atOnce' | 'whenReady'): Promise<JobFigures> {
  const forkedAt = performance.now();
  const env = jobEnvironment(request.stateDirectory);
  const args = start === 'atOnce' ? argumentsFor(request) : [];
  const child = fork(jobProcess, args, { ...jobOptions, env });
  const say = (message: MessageToJob): void => void child.send(message, () => undefined);
  let firstWorkMs = Number.NaN;
  const last = new Promise<MessageFromJob>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error('The job ended without a last word.')));
    child.on('message', (received) => {
      const message = messageFromJobSchema.parse(received);
      if (message.kind === 'progress' && message.progress.phase === 'dumping' && Number.isNaN(firstWorkMs)) {
        firstWorkMs = performance.now() - forkedAt;
      }
      if (message.kind === 'question') say({ kind: 'answer', id: message.id, yes: true });
      if (message.kind === 'done' || message.kind === 'failed' || message.kind === 'cancelled') resolve(message);
    });
  });
  if (start === 'whenReady') await isIdle(child);
  const before = memoryOf(child).nowBytes;
  if (start === 'whenReady') forgetPeak(child);
  const memory = watchMemory(child);
  const startedAt = performance.now();
  say({ kind: 'start', version: protocolVersion, request });
  const message = await last.finally(() => memory.stop());
  if (message.kind !== 'done') throw new Error(`The job ended with ${JSON.stringify(message)}`);
  return { growthBytes: memory.peakBytes() - before, firstWorkMs, durationMs: performance.now() - startedAt };
}

/** Looks often: the kernel keeps the peak, but forgets it with the process. */
function watchMemory(child: ChildProcess): { peakBytes(): number; stop(): void } {
  let peakBytes = 0;
  const look = (): void => void (peakBytes = Math.max(peakBytes, memoryOf(child).peakBytes));
  const timer = setInterval(look, 5);
  return {
    peakBytes: () => peakBytes,
    stop: () => {
      look();
      clearInterval(timer);
    },
  };
}

/** Zero for a process that has ended. Source: proc(5), VmRSS and VmHWM. */
function memoryOf({ pid }: ChildProcess): { readonly nowBytes: number; readonly peakBytes: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
    return { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
  } catch {
    return { nowBytes: 0, peakBytes: 0 };
  }
}

/** Sets the peak to the size of now. Source: proc(5), clear_refs. */
function forgetPeak({ pid }: ChildProcess): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Waits until a process has used no processor time for a while: it has loaded everything and listens. */
async function isIdle({ pid }: ChildProcess): Promise<void> {
  let before = '';
  for (let quietMs = 0; quietMs < 200;) {
    await delay(50);
    // Fields 14 and 15 of proc(5)'s stat: time in user and in kernel mode.
    const now = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' ');
    quietMs = now === before ? quietMs + 50 : 0;
    before = now;
  }
}
