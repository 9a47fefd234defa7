import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode, toDiskError } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';
import { thisProcess } from './owner.ts';

/** A private folder of one job. `remove` takes it away with all that is in it, and never fails. */
export interface Scratch {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes the state directory (mode 0700) where it is missing, and takes others' access away where it is there.
 *
 * Errors: BackupError `disk.*`; `disk.noPermission` also when it belongs to another user, who could read what is kept there.
 */
export async function ensureState(directory: string): Promise<void> {
  try {
    await makeDirectory(directory);
    const { uid, mode } = await stat(directory);
    const user = process.getuid?.();
    if (user === undefined) return;
    if (uid !== user) throw belongsToAnother(directory);
    if ((mode & 0o077) !== 0) await chmod(directory, 0o700);
  } catch (error) {
    throw toDiskError(error, directory);
  }
}

/** Makes a scratch folder (mode 0700) for this process, and removes those of processes that are gone. */
export async function createScratch(stateDirectory: string): Promise<Scratch> {
  const parent = join(stateDirectory, 'scratch');
  const owner = await thisProcess();
  const path = join(parent, `${owner.id}.${randomBytes(6).toString('hex')}`);
  try {
    await makeDirectory(parent);
    await sweep(parent);
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw toDiskError(error, parent);
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }).catch(() => undefined) };
}

/** Makes a folder with its parents (mode 0700). Node's own `recursive` says ENOENT on a read-only disk. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    if (systemCode(error) !== 'ENOENT' || dirname(directory) === directory) throw error;
    await makeDirectory(dirname(directory));
    await makeDirectory(directory);
  }
}

async function sweep(parent: string): Promise<void> {
  const owner = await thisProcess();
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    const silentForMs = Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
    // Another job may be sweeping the same folder: what it removes first is gone all the same.
    if (await owner.isGone(name.split('.')[0] ?? '', silentForMs))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

function belongsToAnother(directory: string): BackupError {
  return new BackupError('disk.noPermission', `The folder ${directory} belongs to another user.`, {
    hint: 'Set DBBACKUP_STATE to a folder of your own.',
  });
}
