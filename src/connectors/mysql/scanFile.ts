import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Contents } from '../../core/contents.ts';
import type { Run } from '../../core/run.ts';
import { DumpScanner } from './dumpScan.ts';
import type { DumpScan, Rows } from './findings.ts';
import { emptyText } from './problems.ts';

const chunkBytes = 1_048_576;
const pollMs = 20;

/** Reads a dump's file from its start to its end. Errors: `dumps.empty`, and those of DumpScanner. */
export async function scanFile(path: string, rows: Rows, run: Pick<Run, 'signal'>): Promise<DumpScan> {
  return scanBytes(createReadStream(path, { highWaterMark: chunkBytes, signal: run.signal }), {
    name: basename(path),
    rows,
    ...run,
  });
}

/** The same of bytes that are on their way. */
export async function scanBytes(
  bytes: AsyncIterable<unknown>,
  { name, rows, signal }: { readonly name: string; readonly rows: Rows; readonly signal: AbortSignal },
): Promise<DumpScan> {
  const scanner = new DumpScanner(name, rows);
  let isEmpty = true;
  for await (const chunk of bytes) {
    signal.throwIfAborted();
    if (!(chunk instanceof Uint8Array)) throw new TypeError('A dump is read as bytes.');
    isEmpty &&= chunk.length === 0;
    scanner.push(chunk);
  }
  if (isEmpty) throw emptyText(name);
  return scanner.end();
}

/**
 * The bytes of a file that another process is writing, to its end.
 *
 * Shape: each chunk is valid until the next is asked for. Once `hasEnded` says so, what is there still comes.
 */
export async function* followFile(path: string, hasEnded: () => boolean, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const handle = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  try {
    for (;;) {
      const isLast = hasEnded();
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, null);
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (isLast) return;
      else await delay(pollMs, undefined, { signal });
    }
  } finally {
    await handle.close();
  }
}

/** What a scan found, in the words of a manifest. */
export function contentsOf({ tables, objects }: DumpScan): Contents {
  const listed = [...tables].map(([name, rows]) => (rows === undefined ? { name } : { name, rows }));
  return {
    tables: listed.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    objects: Object.fromEntries([...objects].map(([kind, names]): [string, number] => [kind, names.size]).toSorted()),
  };
}
