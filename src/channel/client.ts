import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { BackupError } from '../core/errors.ts';
import type { JobRequest, JobResult, ResultOf } from '../core/job.ts';
import { uncompiled } from '../core/parsing.ts';
import type { Run } from '../core/run.ts';
import { codeCachePath } from '../core/stateDirectory.ts';
import { messageFromJobSchema, protocolVersion, type MessageToJob } from './protocol.ts';

/** How long a job may take to clean up after `cancel` before its whole process group is killed. */
const cancelGraceMs = 1500;
const keptStderrCharacters = 4096;

/**
 * How a job process is started: it leads a group of its own, and its heap has a small young generation.
 *
 * Source: measured 2026-11: with the young generation that V8 chooses, buffers that nobody needs any more pile up: a dump of 80,000
 * documents of MongoDB takes 80 to 120 MiB instead of 45 to 60, and is no faster.
 */
export const jobOptions = {
  execArgv: ['--max-semi-space-size=2'],
  silent: true,
  serialization: 'json',
  detached: process.platform !== 'win32',
} as const satisfies ForkOptions;

/**
 * Runs one job in a process of its own and answers with its result.
 *
 * Shape: `jobProcess` is the absolute path of the job process' entry (`dist/jobProcess.js`).
 * Errors: BackupError as the job failed; `job.crashed` when the process died without a last word; the abort reason when cancelled.
 */
export async function runJob<Kind extends JobRequest['kind']>(
  jobProcess: string,
  request: Extract<JobRequest, { kind: Kind }>,
  run: Run,
): Promise<ResultOf<Kind>> {
  run.signal.throwIfAborted();
  const child = fork(jobProcess, argumentsFor(request), {
    ...jobOptions,
    cwd: tmpdir(),
    env: jobEnvironment(request.stateDirectory),
  });
  const result = await new Promise<JobResult>((resolve, reject) => new Conversation(child, run, resolve, reject).start(request));
  if (!isOfKind(result, request.kind)) {
    throw new BackupError('job.protocol', `The job answered with a result of kind ${result.kind}.`, {
      hint: 'Reload the window.',
    });
  }
  return result;
}

/** The connector, which a job process gets ready before it has heard the request. */
export function argumentsFor(request: JobRequest): readonly string[] {
  return 'database' in request ? [request.database.connector] : [];
}

/** The environment of a job process, which is an Electron's Node and remembers its compiled code. */
export function jobEnvironment(stateDirectory: string): NodeJS.ProcessEnv {
  const cache = codeCachePath(stateDirectory, statSync, process.getuid?.());
  return { ...process.env, ELECTRON_RUN_AS_NODE: '1', ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) };
}

function isOfKind<Kind extends JobRequest['kind']>(result: JobResult, kind: Kind): result is ResultOf<Kind> {
  return result.kind === kind;
}

/** One job process from `start` to its end. Settles exactly once; the process is gone or dying when it does. */
class Conversation {
  readonly #child: ChildProcess;
  readonly #run: Run;
  readonly #resolve: (result: JobResult) => void;
  readonly #reject: (reason: unknown) => void;
  #stderr = '';
  #settled = false;
  #killTimer: NodeJS.Timeout | undefined;
  readonly #cancel = (): void => {
    this.#send({ kind: 'cancel' });
    this.#killTimer = setTimeout(() => killGroup(this.#child), cancelGraceMs);
  };

  constructor(child: ChildProcess, run: Run, resolve: (result: JobResult) => void, reject: (reason: unknown) => void) {
    this.#child = child;
    this.#run = run;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(request: JobRequest): void {
    this.#child.on('message', (message) => this.#hear(message));
    this.#child.on('error', (error) => this.#settle(() => this.#reject(crash(error.message))));
    this.#child.on('close', (code, signal) => this.#ended(code, signal));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderrCharacters);
    });
    this.#child.stdout?.resume();
    this.#run.signal.addEventListener('abort', this.#cancel, { once: true });
    this.#send({ kind: 'start', version: protocolVersion, request });
  }

  #send(message: MessageToJob): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #hear(received: unknown): void {
    const parsed = messageFromJobSchema.safeParse(received, uncompiled);
    if (!parsed.success) {
      this.#settle(() =>
        this.#reject(
          new BackupError('job.protocol', 'The job process sent a message that is not understood.', {
            hint: 'Reload the window.',
          }),
        ),
      );
      killGroup(this.#child);
      return;
    }
    const message = parsed.data;
    switch (message.kind) {
      case 'progress':
        return this.#run.progress(message.progress);
      case 'log':
        return this.#run.log(message.level, message.text);
      case 'question':
        return void this.#answer(message.id, this.#run.ask(message.question));
      case 'done':
        return this.#settle(() => this.#resolve(message.result));
      case 'failed':
        return this.#settle(() =>
          this.#reject(new BackupError(message.failure.code, message.failure.sentence, { hint: message.failure.hint })),
        );
      case 'cancelled':
        return this.#settle(() => this.#reject(this.#run.signal.reason));
    }
  }

  async #answer(id: number, asked: Promise<boolean>): Promise<void> {
    const yes = await asked.catch(() => false);
    this.#send({ kind: 'answer', id, yes });
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#killTimer);
    this.#settle(() => {
      if (this.#run.signal.aborted) return this.#reject(this.#run.signal.reason);
      this.#run.log('error', this.#stderr);
      this.#reject(crash(signal === null ? `exit code ${code}` : signal));
    });
  }

  #settle(action: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#run.signal.removeEventListener('abort', this.#cancel);
    action();
  }
}

function crash(how: string): BackupError {
  return new BackupError('job.crashed', `The backup process ended before its work was done (${how}).`, {
    hint: 'Nothing was published and earlier dumps are untouched: try again, and show the log if it happens again.',
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is already gone.
  }
}
