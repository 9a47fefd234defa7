import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const stepBytes = 32 << 20;
const lookEveryMs = 100;

/** What takes a file to the disk while it is written. */
export interface WriteBack {
  /** Stops; to be called when nobody writes any more. Errors: the system's: a write that failed is told once, and a later sync might not know of it. */
  end(): Promise<void>;
}

/**
 * Hands the bytes of a growing file to the disk, so that the sync at its end has little left to wait for.
 *
 * Source: measured 2026-11: that sync was 8 % of an SQL dump of 200 MiB.
 */
export function writeBack(path: string): WriteBack {
  const ended = new AbortController();
  const work = follow(path, ended.signal);
  work.catch(() => undefined);
  return {
    end() {
      ended.abort();
      return work;
    },
  };
}

async function follow(path: string, ended: AbortSignal): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    for (let syncedBytes = 0; !ended.aborted;) {
      await delay(lookEveryMs, undefined, { signal: ended, ref: false }).catch(() => undefined);
      const { size } = await handle.stat();
      if (size - syncedBytes < stepBytes) continue;
      await handle.datasync();
      syncedBytes = size;
    }
  } finally {
    await handle.close();
  }
}
