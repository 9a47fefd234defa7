import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const chunkBytes = 1_048_576;
/** Units: ms. */
const lookEveryMs = 20;

/**
 * Reads a file while somebody appends to it, to the end that it has once `writer` has settled.
 *
 * Shape: a chunk is only valid until the next one is asked for. Errors: those of the system; the signal's reason. That `writer` failed is no error here.
 */
export async function* follow(path: string, writer: Promise<unknown>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const state = { isWritten: false };
  const settle = (): void => void (state.isWritten = true);
  const settled = writer.then(settle, settle);
  const handle = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let position = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      // Asked before the read: what is written after it is for the next one.
      const wasWritten = state.isWritten;
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0 && wasWritten) return;
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      if (bytesRead < chunkBytes && !state.isWritten) await Promise.race([pause(lookEveryMs), settled]);
    }
  } finally {
    await handle.close();
  }
}
