import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from './regularFile.ts';

const chunkBytes = 1_048_576;

/** How a pass over a file is watched and stopped. Units: bytes, from the file's beginning. */
export interface Pass {
  readonly signal: AbortSignal;
  readonly onBytes: (doneBytes: number) => void;
}

/** sha256 of a file, in hex, with the number of bytes that it was made of. Errors: as `openRegular`. */
export async function hashFile(file: string, pass: Pass): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const { handle } = await openRegular(file);
  try {
    const hash = createHash('sha256');
    const sizeBytes = await eachChunk(handle, pass, (chunk) => void hash.update(chunk));
    return { sha256: hash.digest('hex'), sizeBytes };
  } finally {
    await handle.close();
  }
}

/** Hands a file's bytes on in order, reading the next ones meanwhile. Shape: a chunk is only valid until the next one comes. */
export async function eachChunk(
  handle: FileHandle,
  { signal, onBytes }: Pass,
  take: (chunk: Uint8Array) => Promise<void> | void,
): Promise<number> {
  let current = Buffer.allocUnsafe(chunkBytes);
  let next = Buffer.allocUnsafe(chunkBytes);
  let doneBytes = 0;
  let reading = read(handle, current, doneBytes);
  for (;;) {
    const bytesRead = await reading();
    if (bytesRead === 0) return doneBytes;
    signal.throwIfAborted();
    doneBytes += bytesRead;
    reading = read(handle, next, doneBytes);
    await take(current.subarray(0, bytesRead));
    onBytes(doneBytes);
    [current, next] = [next, current];
  }
}

/** Starts to read now; its failure is told when it is asked for, and not before. */
function read(handle: FileHandle, buffer: Buffer, position: number): () => Promise<number> {
  const result = handle.read(buffer, 0, buffer.length, position).then(
    ({ bytesRead }) => ({ kind: 'read', bytesRead }) as const,
    (error: unknown) => ({ kind: 'failed', error }) as const,
  );
  return async () => {
    const outcome = await result;
    if (outcome.kind === 'failed') throw outcome.error;
    return outcome.bytesRead;
  };
}
