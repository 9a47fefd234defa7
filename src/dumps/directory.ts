import { mkdir, open, stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode, toDiskError } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';
import { isInside, realPlaces, type Places } from './targets.ts';

/**
 * Where the dumps really are. A directory that is written as a part of the workspace folder must not lead out of it through a link.
 *
 * Errors: BackupError `dumps.outsideWorkspace`.
 */
export async function realDirectory(places: Places): Promise<Places> {
  const real = await realPlaces(places);
  const isWrittenInside = isInside(resolve(places.folder), resolve(places.directory));
  if (!isWrittenInside || isInside(real.folder, real.directory)) return real;
  throw new BackupError(
    'dumps.outsideWorkspace',
    `The dump directory ${places.directory} leads out of the workspace through a link.`,
    {
      hint: 'Set dbbackup.dumpDirectory in your user settings to the folder that the link leads to.',
    },
  );
}

/**
 * Makes the dump directory where it is missing (mode 0700; one that is there keeps its mode).
 *
 * Shape: the real paths. Errors: BackupError `dumps.outsideWorkspace`, `dumps.unreadable` when it is a file, `disk.*`.
 */
export async function prepareDirectory(places: Places): Promise<Places> {
  const real = await realDirectory(places);
  try {
    await makeDirectory(real.directory);
    if ((await stat(real.directory)).isDirectory()) return real;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' && systemCode(error) !== 'ENOTDIR') throw toDiskError(error, places.directory);
  }
  throw new BackupError('dumps.unreadable', `The dump directory ${places.directory} is a file, not a folder.`, {
    hint: 'Remove that file, or choose another folder in dbbackup.dumpDirectory.',
  });
}

/** Makes a folder with its parents. Node's own `recursive` says ENOENT on a read-only disk. */
async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    if (systemCode(error) !== 'ENOENT' || dirname(directory) === directory) throw error;
    await makeDirectory(dirname(directory));
    await makeDirectory(directory);
  }
}

/** Bytes that this user may still write on the disk of a folder. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Makes what was linked or renamed in a directory outlast a power failure. Windows cannot do it and does not need it. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
