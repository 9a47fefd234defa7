import { closeSync, copyFileSync, fstatSync, openSync, statSync, type Stats } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { BackupError } from '../../core/errors.ts';
import { checkFile, openablePath, readHeader, sizeOf } from './files.ts';
import { codeOf, explain, inUse, isBusy } from './failures.ts';
import type { Thread } from './thread.ts';
import { untilFree } from './waiting.ts';

/**
 * A database held open for reading under one read transaction: all that is read from it is of one moment.
 *
 * Shape: `path` is the file behind it: the user's own, or a private copy where its folder cannot be written.
 * While it is open nothing else in this process may open that file: see `openFile`.
 */
export interface Source {
  readonly database: Database;
  readonly path: string;
  readonly pageSize: number;
  readonly pageCount: number;
  /**
   * Opens the very file that SQLite has open, for reading. It is closed after the database: closing any descriptor of the file earlier would
   * drop SQLite's locks (POSIX). Errors: BackupError 'sqlite.inUse' when another file has its name by now.
   */
  openFile(): number;
  close(): void;
}

/**
 * Opens a database to be dumped, without ever creating it or writing to it.
 *
 * Errors: BackupError 'sqlite.missing', 'sqlite.notAFile', 'disk.noPermission', 'sqlite.notADatabase', 'sqlite.corrupt', 'sqlite.inUse'.
 */
export async function openSource(path: string, thread: Thread): Promise<Source> {
  checkFile(path);
  try {
    return await open(path, thread);
  } catch (error) {
    // A WAL database in a folder that cannot be written: SQLite has no place for its index.
    if (!needsWriting(error)) throw explain(error, { path, role: 'database' });
  }
  try {
    return await open(privateCopy(path, thread.scratch), thread);
  } catch (error) {
    throw explain(error, { path, role: 'database' });
  }
}

/**
 * Every page is read once: the 16 MB that SQLite takes otherwise would be filled for nothing.
 *
 * Units: KiB, negated. Source: measured 2026-11: with 2000 a quick check of 220 MiB takes 4 % longer, and an SQL dump needs 4 MiB more.
 */
export const readOnceCache = 'cache_size = -500';

/** Without WAL the read transaction keeps writers out: whoever wonders finds it in the log. */
export function logWaitingWriters(source: Source, path: string, thread: Thread): void {
  if (source.database.pragma('journal_mode', { simple: true }) === 'wal') return;
  thread.log('info', `${basename(path)} is not in WAL mode: programs that write to it wait until it is dumped.`);
}

async function open(path: string, thread: Thread): Promise<Source> {
  const name = openablePath(path, thread.scratch);
  // Opened for reading, a WAL database without a WAL would keep the new, empty one; opened for writing it is removed again.
  const readonly = readHeader(path)?.isWal !== true || sizeOf(`${path}-wal`) > 0;
  try {
    return await begin(path, name, readonly, thread);
  } catch (error) {
    // The journal of a crashed program has to be rolled back before anybody can read.
    if (!readonly || !needsWriting(error)) throw error;
    return begin(path, name, false, thread);
  }
}

async function begin(path: string, name: string, readonly: boolean, thread: Thread): Promise<Source> {
  const before = statSync(path);
  const database = new SqliteDatabase(name, { readonly, fileMustExist: true, timeout: 0 });
  try {
    database.pragma('trusted_schema = OFF');
    await untilFree(path, thread, () => {
      try {
        database.exec('BEGIN');
        database.prepare('SELECT count(*) FROM sqlite_schema').get();
      } catch (error) {
        if (isBusy(error) && database.inTransaction) database.exec('ROLLBACK');
        throw error;
      }
    });
    database.pragma(readOnceCache);
    const pageSize = Number(database.pragma('page_size', { simple: true }));
    const pageCount = Number(database.pragma('page_count', { simple: true }));
    const descriptors: number[] = [];
    return {
      database,
      path,
      pageSize,
      pageCount,
      openFile() {
        const descriptor = openSync(path, 'r');
        descriptors.push(descriptor);
        if (!isSameFile(fstatSync(descriptor), before)) throw replaced(path);
        return descriptor;
      },
      close() {
        database.close();
        descriptors.forEach(closeSync);
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function isSameFile(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function replaced(path: string): BackupError {
  return new BackupError('sqlite.inUse', `${basename(path)} was replaced by another file while it was read.`, {
    hint: 'Try again.',
  });
}

function needsWriting(error: unknown): boolean {
  return /^SQLITE_(READONLY|CANTOPEN)/.test(codeOf(error));
}

/** Copies the database and its WAL; both must stay as they are meanwhile. */
function privateCopy(path: string, scratch: string): string {
  const copy = join(scratch, `source-${randomUUID()}`);
  const before = fingerprint(path);
  copyFileSync(path, copy);
  if (sizeOf(`${path}-wal`) > 0) copyFileSync(`${path}-wal`, `${copy}-wal`);
  if (fingerprint(path) !== before) throw inUse(path);
  return copy;
}

function fingerprint(path: string): string {
  const parts = [path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false }));
  return parts.map((stat) => (stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`)).join(' ');
}
