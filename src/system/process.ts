import { graceMs, signalGroup, stderrLimit } from './ending.ts';
import { Ring } from './ring.ts';

export { lifeline } from './ending.ts';
export { runStages, type StagesEnd, type StagesIo } from './stages.ts';

/**
 * A program to run, without a shell.
 *
 * Shape: `program` absolute; `env` is set on top of this process's own unless `inheritEnv` is false.
 * `stdin`: `none`, or `held`: a pipe that stays open and silent until the program ends, so that the program can tell when we are gone.
 */
export interface ProcessCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inheritEnv: boolean;
  readonly cwd?: string;
  readonly stdin: 'none' | 'held';
}

/** How a program ended. `exitCode` is undefined when a signal ended it; `stderr` is the end of what it said, at most 64 KiB. */
export interface ProcessEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
}

/**
 * Runs a program in a process group of its own and waits for its end.
 *
 * Errors: the signal's reason once aborted, after the whole group got SIGTERM and, 1.5 s later, SIGKILL;
 * the system's error when the program cannot be started.
 */
export async function runProcess(call: ProcessCall, signal: AbortSignal): Promise<ProcessEnd> {
  const { execa } = await import('execa');
  signal.throwIfAborted();
  const child = execa(call.program, [...call.args], {
    env: call.env,
    extendEnv: call.inheritEnv,
    ...(call.cwd === undefined ? {} : { cwd: call.cwd }),
    stdin: call.stdin === 'held' ? 'pipe' : 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    reject: false,
    detached: process.platform !== 'win32',
  });
  const stderr = new Ring(stderrLimit);
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  const killGroup = (name: 'SIGTERM' | 'SIGKILL'): void => signalGroup(child.pid, name);
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    killGroup('SIGTERM');
    timer = setTimeout(killGroup, graceMs, 'SIGKILL');
  };
  signal.addEventListener('abort', cancel);
  try {
    const end = await child;
    signal.throwIfAborted();
    if (end.exitCode === undefined && end.signal === undefined && end.cause !== undefined) throw end.cause;
    return { exitCode: end.exitCode, signal: end.signal, stderr: stderr.text() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  }
}
