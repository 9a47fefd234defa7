import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/core/database.ts';

const script = fileURLToPath(new URL('./connectorChild.ts', import.meta.url));

export interface ConnectorCall {
  readonly connector: string;
  readonly method: 'createDump' | 'restoreDump' | 'inspect' | 'verify';
  readonly database: Database;
  /** The dump. */
  readonly path: string;
  readonly scratch: string;
}

/** `growthBytes`: peak memory above what the process had before the call. */
export interface ConnectorOutcome {
  readonly ok: boolean;
  readonly code?: string;
  readonly growthBytes: number;
}

/** Runs a connector's method in another process, as another user when `uid` is given, and gives its outcome. */
export async function inProcess(call: ConnectorCall, uid?: number): Promise<ConnectorOutcome> {
  const child = start(call, uid);
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  const outcome: ConnectorOutcome = JSON.parse(last);
  return outcome;
}

/** Runs a connector's method in another process and kills it so many milliseconds after the method began. */
export async function killedAfter(call: ConnectorCall, milliseconds: number): Promise<void> {
  const child = start(call);
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), milliseconds));
  await once(child, 'close');
}

function start(call: ConnectorCall, uid?: number): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, [script, JSON.stringify(call)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}
