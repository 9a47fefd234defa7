import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackupError } from '../core/errors.ts';
import type { ToolCall } from '../core/toolCall.ts';
import { graceMs, killMarked, lifeline, markerVariable, signalGroup, stderrLimit } from './ending.ts';
import { watchReading, type Reading } from './readPosition.ts';
import { Ring } from './ring.ts';

/**
 * What the first stage reads and what becomes of the last one's output.
 *
 * Shape: a file gets the program's own descriptor, so that its bytes never pass through us; it is created (mode 0600) when it is missing.
 * With `append` no program can write anywhere but behind what is there.
 * `reading` is told how far the first stage has read a file: that on its standard input, or one that it opens by itself. Linux only.
 * Units: `firstByteMs` milliseconds until the first byte of output or of an error text. `okExitCodes` are those of the first stage.
 */
export interface StagesIo {
  readonly stdin:
    | { readonly kind: 'none' }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'stream'; readonly readable: Readable };
  readonly stdout:
    | { readonly kind: 'none' }
    | { readonly kind: 'file'; readonly path: string; readonly mode?: 'append' }
    | { readonly kind: 'stream'; readonly writable: Writable }
    | { readonly kind: 'lines'; onLine(line: string): void };
  onStderrLine?(line: string): void;
  readonly reading?: Reading;
  readonly firstByteMs?: number;
  readonly okExitCodes?: readonly number[];
  readonly cwd?: string;
}

/** How the stages ended: the first one that failed, or the last one. `stderr` is the end of what it said, at most 64 KiB; after success, of all of them. */
export interface StagesEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stderr: string;
  readonly stage: number;
  readonly isSuccess: boolean;
}

/** Units: ms. */
const heldPipeMs = 5000;
const longestLine = 16_384;

/**
 * Runs a tool and the programs that its output goes through, each in a process group of its own, without a shell. All of them must succeed.
 *
 * Errors: the signal's reason once aborted, when no process is left; `tool.missing` for a program that cannot be started;
 * `tool.silent` by the watchdog; what the consumer of the output throws. A program that fails is no error: the end says it.
 */
export async function runStages(calls: readonly ToolCall[], io: StagesIo, signal: AbortSignal): Promise<StagesEnd> {
  signal.throwIfAborted();
  await Promise.all(calls.map(({ program }) => assertExecutable(program)));
  const marker = randomUUID();
  const launcher = await lifeline();
  const own = new AbortController();
  const stop = AbortSignal.any([signal, own.signal]);
  const files: FileHandle[] = [];
  const stages: Stage[] = [];
  let isClean = false;
  try {
    const [input, output] = await openEnds(io, files);
    for (const [index, call] of calls.entries()) {
      const stdin = index === 0 ? input : 'pipe';
      const stdout = index === calls.length - 1 ? output : 'pipe';
      stages.push(start(call, { stdin, stdout, launcher, marker, ...pick(io) }));
    }
    const cancel = watchAbort(stop, stages, marker);
    const unwatch = watchInput(io, stages[0]?.pid, input);
    const watchdog = watchFirstByte(io, { files, stages, name: basename(calls[0]?.program ?? ''), own });
    try {
      const stoppedReading = new Set<number>();
      const flows = connect(stages, io, { own, stoppedReading });
      const ends = await Promise.all(stages.map((stage) => stage.end));
      await flows;
      stop.throwIfAborted();
      const failed = causeOf(ends, stoppedReading, io.okExitCodes);
      isClean = failed === undefined;
      const stage = failed ?? stages.length - 1;
      const shown = failed === undefined ? stages : stages.slice(failed, failed + 1);
      const stderr = shown.map((each) => each.stderr.text()).join('');
      return { exitCode: ends[stage]?.exitCode, signal: ends[stage]?.signal, stderr, stage, isSuccess: isClean };
    } finally {
      clearInterval(watchdog);
      unwatch();
      cancel();
    }
  } finally {
    if (!isClean) {
      for (const stage of stages) signalGroup(stage.pid, 'SIGKILL');
      killMarked(marker);
    }
    await Promise.all(files.map((file) => file.close()));
  }
}

interface End {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

interface Stage {
  readonly pid: number | undefined;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Ring;
  /** Whether any byte came out that passed through us. */
  hasSpoken(): boolean;
  readonly end: Promise<End>;
}

type Descriptor = 'ignore' | 'pipe' | number;

interface StartOptions {
  readonly stdin: Descriptor;
  readonly stdout: Descriptor;
  readonly launcher: readonly string[];
  readonly marker: string;
  readonly cwd?: string;
  readonly onStderrLine?: (line: string) => void;
}

function pick({ cwd, onStderrLine }: StagesIo): Pick<StartOptions, 'cwd' | 'onStderrLine'> {
  return { ...(cwd === undefined ? {} : { cwd }), ...(onStderrLine === undefined ? {} : { onStderrLine }) };
}

function start(call: ToolCall, options: StartOptions): Stage {
  const [program = call.program, ...args] = [...options.launcher, call.program, ...call.args];
  // Not through execa: descriptors of ours are passed on as they are, and nothing is buffered.
  const child = spawn(program, args, {
    env: { ...inherited(call), ...call.env, [markerVariable]: options.marker },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: [options.stdin, options.stdout, 'pipe'],
    detached: process.platform !== 'win32',
  });
  const stderr = new Ring(stderrLimit);
  let hasSpoken = false;
  const { onStderrLine } = options;
  const takeLine = onStderrLine === undefined ? undefined : lineSplitter(onStderrLine);
  child.stderr?.on('data', (chunk: Buffer) => {
    hasSpoken = true;
    stderr.add(chunk);
    takeLine?.(chunk);
  });
  child.stdout?.once('data', () => void (hasSpoken = true));
  child.stdout?.pause();
  child.stdin?.on('error', () => undefined);
  // A grandchild may hold a pipe open for ever.
  child.once('exit', () => {
    const timer = setTimeout(() => [child.stdout, child.stderr].forEach((stream) => stream?.destroy()), heldPipeMs);
    child.once('close', () => clearTimeout(timer));
  });
  const end = new Promise<End>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }));
  });
  return { pid: child.pid, stdin: child.stdin, stdout: child.stdout, stderr, hasSpoken: () => hasSpoken, end };
}

/** What a tool inherits: not what the editor has set for its own processes. */
function inherited({ inheritEnv, withoutParent }: ToolCall): Record<string, string | undefined> {
  if (!inheritEnv) return process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'] } : {};
  const isKept = (name: string): boolean =>
    !/^(ELECTRON_|VSCODE_|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/.test(name) &&
    (withoutParent === undefined || !name.startsWith(withoutParent));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isKept(name)));
}

async function openEnds(io: StagesIo, files: FileHandle[]): Promise<readonly [Descriptor, Descriptor]> {
  const opened = async (path: string, flags: number): Promise<number> => {
    const file = await open(path, flags, 0o600);
    files.push(file);
    return file.fd;
  };
  const { O_RDONLY, O_WRONLY, O_CREAT, O_NOFOLLOW, O_APPEND } = constants;
  const writing = (mode: 'append' | undefined): number => O_WRONLY | O_CREAT | O_NOFOLLOW | (mode === 'append' ? O_APPEND : 0);
  const output = io.stdout.kind === 'file' ? await opened(io.stdout.path, writing(io.stdout.mode)) : undefined;
  const input = io.stdin.kind === 'file' ? await opened(io.stdin.path, O_RDONLY) : undefined;
  return [input ?? (io.stdin.kind === 'none' ? 'ignore' : 'pipe'), output ?? (io.stdout.kind === 'none' ? 'ignore' : 'pipe')];
}

/**
 * Connects the stages with each other and with the given streams. A pipe that breaks shows in an exit code, and the stage that no longer
 * reads it is added to `stoppedReading`; a given stream that fails stops all.
 */
async function connect(
  stages: readonly Stage[],
  { stdin, stdout }: StagesIo,
  { own, stoppedReading }: { readonly own: AbortController; readonly stoppedReading: Set<number> },
): Promise<void> {
  const flows: Promise<unknown>[] = [];
  const first = stages[0]?.stdin;
  // A tool may stop reading early; whoever feeds the stream knows of its own failures.
  if (stdin.kind === 'stream' && first) flows.push(pipeline(stdin.readable, first).catch(() => undefined));
  for (const [index, stage] of stages.entries()) {
    const next = stages[index + 1]?.stdin;
    if (next && stage.stdout) flows.push(pipeline(stage.stdout, next).catch(() => void stoppedReading.add(index + 1)));
  }
  const last = stages.at(-1)?.stdout;
  if (last && stdout.kind === 'stream') {
    flows.push(pipeline(last, stdout.writable).catch((error: unknown) => own.abort(error)));
  }
  if (last && stdout.kind === 'lines') {
    const take = lineSplitter(stdout.onLine.bind(stdout));
    last.on('data', take);
    last.once('end', () => take(Buffer.from('\n')));
  }
  await Promise.all(flows);
}

/** Ends everything once aborted. Gives the function that stops watching. */
function watchAbort(signal: AbortSignal, stages: readonly Stage[], marker: string): () => void {
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    for (const stage of stages) signalGroup(stage.pid, 'SIGTERM');
    timer = setTimeout(() => {
      for (const stage of stages) signalGroup(stage.pid, 'SIGKILL');
      killMarked(marker);
    }, graceMs);
  };
  signal.addEventListener('abort', cancel);
  if (signal.aborted) cancel();
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', cancel);
  };
}

function watchInput({ reading }: StagesIo, pid: number | undefined, input: Descriptor): () => void {
  if (reading === undefined) return () => undefined;
  return watchReading(reading, { pid, descriptor: typeof input === 'number' ? input : undefined });
}

function watchFirstByte(
  { firstByteMs, stdout }: StagesIo,
  { files, stages, name, own }: { files: readonly FileHandle[]; stages: readonly Stage[]; name: string; own: AbortController },
): NodeJS.Timeout | undefined {
  if (firstByteMs === undefined) return undefined;
  const end = performance.now() + firstByteMs;
  const timer = setInterval(() => void look(), Math.min(200, firstByteMs));
  const look = async (): Promise<void> => {
    const file = stdout.kind === 'file' ? files[0] : undefined;
    const hasWritten = file !== undefined && ((await file.stat().catch(() => undefined))?.size ?? 0) > 0;
    if (hasWritten || stages.some((stage) => stage.hasSpoken())) return clearInterval(timer);
    if (performance.now() < end) return;
    clearInterval(timer);
    own.abort(
      new BackupError('tool.silent', `${name} said nothing for ${Math.round(firstByteMs / 1000)} s.`, {
        hint: 'See whether the server answers, and try again.',
      }),
    );
  };
  return timer;
}

/** The stage whose failure made the others fail: the last one that stopped reading, since who writes to it can only fail after it; else the first. */
function causeOf(
  ends: readonly End[],
  stoppedReading: ReadonlySet<number>,
  okExitCodes: readonly number[] = [0],
): number | undefined {
  const isOk = (exitCode: number | undefined, stage: number): boolean =>
    exitCode !== undefined && (stage === 0 ? okExitCodes : [0]).includes(exitCode);
  const failed = ends.flatMap(({ exitCode }, stage) => (isOk(exitCode, stage) ? [] : [stage]));
  return failed.findLast((stage) => stoppedReading.has(stage)) ?? failed[0];
}

/** Cuts a stream into lines; a line too long to be one of a tool is cut. */
function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) if (line !== '') onLine(line);
  };
}

async function assertExecutable(program: string): Promise<void> {
  const isThere = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  throw new BackupError('tool.missing', `The program ${program} is not there or cannot be run.`, {
    hint: 'Correct its path in the settings, or install it.',
  });
}
