import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const chunkBytes = 1_048_576;
const syncEveryBytes = 32 * chunkBytes;
/** Units: ms. */
const lookEveryMs = 20;

/**
 * Reads a file while another program writes it, to the end that it has once `written` has settled.
 *
 * Shape: the memory of a chunk is used again for the next one. Bytes go to the disk meanwhile, so that the sync at the end finds few.
 * Errors: the signal's reason.
 */
export async function* growingFile(path: string, written: Promise<unknown>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const state = { isWritten: false };
  const settled = (): void => void (state.isWritten = true);
  written.then(settled, settled);
  const file = await open(path, 'r');
  let syncing: Promise<void> | undefined;
  try {
    const buffer = Buffer.alloc(chunkBytes);
    let syncedBytes = 0;
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const wasWritten = state.isWritten;
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (wasWritten) return;
      if (position - syncedBytes >= syncEveryBytes && syncing === undefined) {
        syncedBytes = position;
        const isDone = (): void => void (syncing = undefined);
        syncing = file.datasync().then(isDone, isDone);
      }
      // What comes in a moment is worth waiting for: a tool writes little at a time.
      if (bytesRead < buffer.length && !wasWritten) await delay(lookEveryMs);
    }
  } finally {
    await syncing;
    await file.close();
  }
}
