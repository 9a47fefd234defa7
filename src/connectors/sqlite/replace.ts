import { chmodSync, chownSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** Makes a file that is not there yet, and removes it again when that fails. */
export async function makeNew(target: string, fill: (target: string) => Promise<void>): Promise<void> {
  try {
    await fill(target);
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  }
}

/**
 * Fills a new database beside a broken one and lets it take its place, with its mode and owner.
 *
 * The broken one's journals go first: they must never be played into the new file.
 */
export async function replaceBroken(target: string, fill: (fresh: string) => Promise<void>): Promise<void> {
  const folder = dirname(target);
  const prefix = `.${basename(target)}.`;
  const suffix = '.restoring';
  // Left by a restore that was killed; the lock on the target says that none is at work.
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix) && name.endsWith(suffix)) rmSync(join(folder, name), { force: true });
  }
  const fresh = join(folder, `${prefix}${randomUUID()}${suffix}`);
  await makeNew(fresh, async () => {
    await fill(fresh);
    const { mode, uid, gid } = statSync(target);
    chmodSync(fresh, mode & 0o777);
    if (process.getuid?.() === 0) chownSync(fresh, uid, gid);
    for (const journal of ['-wal', '-shm', '-journal']) rmSync(target + journal, { force: true });
    renameSync(fresh, target);
  });
}
