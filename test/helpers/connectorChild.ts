// Runs one method of a connector in a process of its own, to be killed, measured, or run as another user.
// argv: one JSON object { connector, method, database, path, scratch }. Prints { ok, code?, growthBytes }.
import { openSync, readFileSync, readSync } from 'node:fs';
import * as z from 'zod';
import { connectorFor, formatOf } from '../../src/connectors/registry.ts';
import { databaseSchema } from '../../src/core/databaseSchema.ts';
import { toFailure } from '../../src/core/errors.ts';
import type { Run } from '../../src/core/run.ts';
import { follow } from '../../src/dumps/follow.ts';
import { restoreFile } from './restoreFile.ts';

const request = z
  .object({ connector: z.string(), method: z.string(), database: databaseSchema, path: z.string(), scratch: z.string() })
  .parse(JSON.parse(process.argv[2] ?? ''));
const { database } = request;
const workspace = { scratch: request.scratch };
const run: Run = {
  signal: new AbortController().signal,
  progress: () => undefined,
  log: () => undefined,
  ask: () => Promise.resolve(false),
};

const methods: Record<string, () => Promise<unknown>> = {
  createDump: async () =>
    (await connectorFor(request.connector)).createDump(database, request.path, { purpose: 'manual', follow }, workspace, run),
  restoreDump: async () => restoreFile(await connectorFor(request.connector), { database, path: request.path, workspace, run }),
  inspect: async () => (await connectorFor(request.connector)).inspect(database, workspace, run),
  verify: async () => {
    const format = await formatOf(head(request.path));
    return format?.verify(request.path, 'full', workspace, run);
  },
};

await connectorFor(request.connector);
const before = residentBytes('VmRSS');
process.stdout.write('ready\n');
const outcome = await methods[request.method]?.().then(
  () => ({ ok: true }),
  (error: unknown) => ({ ok: false, code: toFailure(error).code }),
);
process.stdout.write(`${JSON.stringify({ ...outcome, growthBytes: residentBytes('VmHWM') - before })}\n`);

function head(path: string): Uint8Array {
  const bytes = Buffer.alloc(4096);
  return bytes.subarray(0, readSync(openSync(path, 'r'), bytes, 0, 4096, 0));
}

/** VmRSS: memory now; VmHWM: its peak. */
function residentBytes(name: 'VmRSS' | 'VmHWM'): number {
  if (process.platform !== 'linux') return 0;
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
}
