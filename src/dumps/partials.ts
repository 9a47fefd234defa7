import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../core/diskError.ts';
import { isInside, type Places } from './targets.ts';

/** The process that files belong to while they are written; `isGone` tells for any such process whether what it left may be removed. */
export interface FileOwner {
  readonly id: string;
  isGone(id: string, silentForMs: number): Promise<boolean>;
}

const leftover = /^\..*\.([0-9a-f-]+)\.[0-9a-f]{16}\.partial/;
const probe = Buffer.alloc(65_536);

/**
 * Creates an empty file (mode 0600) that no listing shows and that belongs to this process alone.
 *
 * Shape: `.<stem>.<owner>.<random>.partial` in the directory. A full disk is known here and not after minutes of work: 64 KiB are
 * written and taken back. Errors: those of the operating system.
 */
export async function createPartial(directory: string, stem: string, owner: FileOwner): Promise<string> {
  const path = join(directory, `.${stem.slice(0, 80)}.${owner.id}.${randomBytes(8).toString('hex')}.partial`);
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(probe);
    await handle.truncate(0);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return path;
}

/** Removes a partial file and whatever a tool made beside it under its name. Never fails: the next job would sweep the rest. */
export async function removePartial(path: string): Promise<void> {
  const directory = dirname(path);
  const names = await readdir(directory).catch(() => [basename(path)]);
  const own = names.filter((name) => name.startsWith(basename(path)));
  await Promise.all(own.map((name) => rm(join(directory, name), { force: true }).catch(() => undefined)));
}

/** Removes the partial files of processes that are gone. Those of living ones, and of anyone unknown for a week, stay. */
export async function sweepPartials(directory: string, owner: FileOwner): Promise<void> {
  for (const name of await readdir(directory)) {
    const id = leftover.exec(name)?.[1];
    if (id === undefined) continue;
    const found = await lstat(join(directory, name)).catch(() => undefined);
    if (found === undefined || found.isDirectory()) continue;
    if (await owner.isGone(id, Date.now() - found.mtimeMs))
      await rm(join(directory, name), { force: true }).catch(() => undefined);
  }
}

/**
 * Gives a finished partial file its final name, or leaves everything as it is when that name is taken: nothing is ever overwritten.
 *
 * Shape: false when the name is taken. The partial's own name may stay as a second link.
 */
export async function placePartial(partial: string, final: string): Promise<boolean> {
  try {
    await link(partial, final);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    if (!linksMissing.has(systemCode(error) ?? '')) throw error;
    return placeWithoutLink(partial, final);
  }
}

const linksMissing = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/** `placePartial` for file systems without links (FAT, some network shares): reserves the name, then renames over the reservation. */
export async function placeWithoutLink(partial: string, final: string): Promise<boolean> {
  try {
    await writeFile(final, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await rename(partial, final);
    return true;
  } catch (error) {
    await rm(final, { force: true });
    throw error;
  }
}

/** Keeps dumps out of version control: a `.gitignore` holding `*`, made once. Not where it would hide the workspace's own files. */
export async function createGitignore({ folder, directory }: Places, owner: FileOwner): Promise<void> {
  const file = join(directory, '.gitignore');
  const isThere = (await lstat(file).catch(() => undefined)) !== undefined;
  if (isThere || isInside(directory, folder)) return;
  const partial = await createPartial(directory, 'gitignore', owner);
  try {
    await writeFile(partial, '*\n');
    await placePartial(partial, file);
  } finally {
    await removePartial(partial);
  }
}
