import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { BackupError } from '../../core/errors.ts';
import { codeOf, missing, noPermission } from './failures.ts';

/**
 * The first 100 bytes of a database file, decoded.
 *
 * Units: `pageSize` bytes; `pageCount` is undefined where the header does not vouch for it.
 * Source: https://www.sqlite.org/fileformat2.html#the_database_header
 */
export interface Header {
  readonly pageSize: number;
  readonly pageCount: number | undefined;
  readonly isWal: boolean;
}

const magic = Buffer.from('SQLite format 3\0', 'latin1');

/** Throws unless `path` is a readable regular file: what SQLite itself says about these is the same for all. Gives its size in bytes. */
export function checkFile(path: string): number {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) {
      throw new BackupError('sqlite.notAFile', `${basename(path)} is not a file.`, {
        hint: 'Set NAME to the path of the database file.',
      });
    }
    accessSync(path, constants.R_OK);
    return stat.size;
  } catch (error) {
    const code = codeOf(error);
    if (/^(ENOENT|ENOTDIR|ELOOP|ERR_INVALID_ARG_VALUE)$/.test(code)) throw missing(path);
    if (/^(EACCES|EPERM)$/.test(code)) throw noPermission(basename(path), error);
    throw error;
  }
}

/**
 * Reads the header, or gives undefined for what is no SQLite database (an empty file included).
 *
 * Only for files that this process has not open in SQLite: closing a second descriptor would drop SQLite's locks (POSIX).
 */
export function readHeader(path: string): Header | undefined {
  const bytes = Buffer.alloc(100);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, bytes, 0, 100, 0) < 100 || !bytes.subarray(0, 16).equals(magic)) return undefined;
  } finally {
    closeSync(fd);
  }
  const stored = bytes.readUInt16BE(16);
  const isCountValid = bytes.readUInt32BE(24) === bytes.readUInt32BE(92) && bytes.readUInt32BE(28) > 0;
  return {
    pageSize: stored === 1 ? 65_536 : stored,
    pageCount: isCountValid ? bytes.readUInt32BE(28) : undefined,
    isWal: bytes.readUInt8(18) === 2,
  };
}

/** True for a database file, however short it was cut. Under the same condition as `readHeader`. */
export function beginsAsDatabase(path: string): boolean {
  const bytes = Buffer.alloc(magic.length);
  const fd = openSync(path, 'r');
  try {
    const length = readSync(fd, bytes, 0, bytes.length, 0);
    return length > 0 && bytes.subarray(0, length).equals(magic.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}

/** Size of a file in bytes; 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * A path under which better-sqlite3 opens exactly this file.
 *
 * It trims file names, so a name that ends in white space is reached through a symbolic link in `scratch`;
 * SQLite resolves the link and keeps its journals beside the real file.
 */
export function openablePath(path: string, scratch: string): string {
  if (path === path.trim()) return path;
  const link = join(scratch, `link-${randomUUID()}`);
  symlinkSync(path, link);
  return link;
}

/**
 * A name for a dump under which SQLite may open it for reading: what SQLite creates beside it lies in `scratch`,
 * and a journal that lies beside the dump itself is not believed.
 *
 * A hard link costs nothing. Where it is impossible (another disk) the bytes are copied if they have to be. The dump is never written.
 */
export function privateDump(path: string, scratch: string): string {
  const name = join(scratch, `dump-${randomUUID()}`);
  const real = realpathSync(path);
  try {
    linkSync(real, name);
    return name;
  } catch {
    const isAlone = readHeader(real)?.isWal === false && sizeOf(`${real}-journal`) === 0;
    if (isAlone) return openablePath(real, scratch);
    copyFileSync(real, name, constants.COPYFILE_FICLONE);
    return name;
  }
}

/**
 * Sets a closed database to rollback-journal mode, as `journal_mode=DELETE` would, but without opening it:
 * SQLite would create a WAL beside it first.
 *
 * Source: https://www.sqlite.org/fileformat2.html#file_format_version_numbers
 */
export function leaveWalMode(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, Buffer.from([1, 1]), 0, 2, 18);
  } finally {
    closeSync(fd);
  }
}
