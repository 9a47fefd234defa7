import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Contents } from '../../core/contents.ts';
import type { Run } from '../../core/run.ts';
import { DumpScanner } from './dumpScan.ts';
import type { DumpScan, Rows } from './findings.ts';
import { emptyText } from './problems.ts';

const chunkBytes = 1_048_576;

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

/** What a scan found, in the words of a manifest. */
export function contentsOf({ tables, objects }: DumpScan): Contents {
  const listed = [...tables].map(([name, rows]) => (rows === undefined ? { name } : { name, rows }));
  return {
    tables: listed.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    objects: Object.fromEntries([...objects].map(([kind, names]): [string, number] => [kind, names.size]).toSorted()),
  };
}
