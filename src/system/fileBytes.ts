import { open } from 'node:fs/promises';

const chunkBytes = 262_144;

/**
 * Reads a file from its beginning to its end.
 *
 * Shape: a chunk is only valid until the next one is asked for: all of them share one piece of memory. Errors: those of the system.
 */
export async function* fileBytes(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunkBytes);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
