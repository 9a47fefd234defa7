import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
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
const outcomeSchema = z.object({ ok: z.boolean(), code: z.string().optional(), growthBytes: z.number() });
export type ConnectorOutcome = z.infer<typeof outcomeSchema>;

/** Runs a connector's method in another process, as another user when `uid` is given, and gives its outcome. */
export async function inProcess(call: ConnectorCall, uid?: number): Promise<ConnectorOutcome> {
  const child = start(call, uid);
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return outcomeSchema.parse(JSON.parse(last));
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
