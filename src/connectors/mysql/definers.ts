import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Place } from './findings.ts';

const replacement = Buffer.from('DEFINER=CURRENT_USER');

/**
 * Copies a dump and makes its objects run as whoever restores it: each DEFINER clause, never a text in a string, is replaced.
 *
 * Shape: `places` as the scan of this very file found them, in any order; the copy begins at `from`. `to` is made anew, mode 0600.
 */
export async function rewriteDefiners(
  source: { readonly path: string; readonly from: number },
  to: string,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<void> {
  const sorted = places.toSorted((a, b) => a.start - b.start);
  const handle = await open(to, 'wx', 0o600);
  try {
    let position = source.from;
    for (const { start, end } of sorted) {
      await copyRange(position, start - 1);
      await handle.writeFile(replacement);
      position = end;
    }
    await copyRange(position, Number.MAX_SAFE_INTEGER);
  } finally {
    await handle.close();
  }

  /** `last` is copied too. */
  async function copyRange(start: number, last: number): Promise<void> {
    if (last < start) return;
    for await (const chunk of createReadStream(source.path, { start, end: last, highWaterMark: 1_048_576, signal })) {
      if (chunk instanceof Uint8Array) await handle.writeFile(chunk);
    }
  }
}
