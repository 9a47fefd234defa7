import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { OpenDump } from '../../core/connector.ts';
import type { Run } from '../../core/run.ts';
import { readArchive, type ArchiveEntry } from './archive.ts';
import { dumpedOf, type Dumped } from './dumped.ts';
import { PlainEntries, plainParts } from './plainDump.ts';
import { damagedDump, emptyDump } from '../dumpProblems.ts';

/** What a dump holds, read completely. */
export type Content = { readonly dumped: Dumped } & (
  | {
      readonly kind: 'pg-custom';
      readonly version: number;
      readonly entries: readonly ArchiveEntry[];
      readonly dataBytes: ReadonlyMap<number, number>;
    }
  | { readonly kind: 'pg-plain' }
);

/** Reads the whole dump once: whatever would stop it half way is known before anything is changed. */
export async function contentOf(dump: OpenDump, run: Run): Promise<Content> {
  if ((await stat(dump.path)).size === 0) throw emptyDump();
  const bytes = createReadStream(dump.path, { highWaterMark: 1_048_576 });
  if (dump.format === 'pg-custom') {
    const { version, entries, dataBytes } = await readArchive(bytes, () => run.signal.throwIfAborted());
    return { kind: 'pg-custom', dumped: dumpedOf(entries), version, entries, dataBytes };
  }
  if (dump.format !== 'pg-plain') throw damagedDump('it is no dump of PostgreSQL');
  const seen = new PlainEntries();
  for await (const part of plainParts(bytes)) {
    run.signal.throwIfAborted();
    seen.see(part);
  }
  seen.end();
  return { kind: 'pg-plain', dumped: dumpedOf(seen.entries) };
}
