import { execa } from 'execa';

/** How long a cancelled program may take to end by itself before it is killed. Units: ms. */
const graceMs = 1500;

/** What is kept of a program's standard error: its end. Units: bytes. */
const stderrLimit = 64 * 1024;

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

/** A group is signalled by its leader's negative id; Windows has none and ends the program itself. */
function signalGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, name);
  } catch {
    // It has ended already.
  }
}

/** The last bytes of a stream, whatever its length. */
class Ring {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (let first = this.#chunks[0]; first !== undefined && this.#size - first.length >= this.#limit; first = this.#chunks[0]) {
      this.#chunks.shift();
      this.#size -= first.length;
    }
  }

  /** Decoded without failing; control and bidirectional characters, which could disguise the text, are made visible. */
  text(): string {
    const end = Buffer.concat(this.#chunks).subarray(-this.#limit).toString('utf8');
    return end.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) => (/[\n\t]/.test(character) ? character : visible(character)));
  }
}

function visible(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
