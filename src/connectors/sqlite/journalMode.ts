import { basename } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { BackupError } from '../../core/errors.ts';
import { codeOf } from './failures.ts';
import { openablePath } from './files.ts';
import type { Thread } from './thread.ts';
import { Busy, untilFree } from './waiting.ts';

/**
 * Takes a database out of WAL mode, which SQLite allows only to a connection that is alone.
 *
 * Errors: BackupError 'sqlite.pageSize' naming who holds it, after ten seconds.
 */
export async function leaveWal(path: string, thread: Thread): Promise<void> {
  try {
    await untilFree(path, thread, () => {
      if (setMode(path, 'DELETE', thread.scratch) !== 'delete') throw new Busy();
    });
  } catch (error) {
    if (!(error instanceof BackupError) || error.code !== 'sqlite.inUse') throw error;
    const sentence = `The dump has another page size than ${basename(path)}, which can be changed only while no other program uses it.`;
    throw new BackupError('sqlite.pageSize', sentence, { hint: error.hint, cause: error });
  }
}

/** Puts a database back into WAL mode. Not managing it loses nothing: the log says so. */
export function enterWal(path: string, thread: Thread): void {
  attempt(path, thread, 'could not be set back to WAL mode', () => void setMode(path, 'WAL', thread.scratch));
}

/** Moves restored rows from the WAL into the file, as far as other programs allow, and flushes them. */
export function checkpointWal(path: string, thread: Thread): void {
  attempt(path, thread, 'keeps the restored rows in its WAL for now', () => {
    const database = new SqliteDatabase(openablePath(path, thread.scratch), { fileMustExist: true, timeout: 0 });
    try {
      database.pragma('wal_checkpoint(PASSIVE)');
    } finally {
      database.close();
    }
  });
}

function attempt(path: string, thread: Thread, failure: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!codeOf(error).startsWith('SQLITE_')) throw error;
    thread.log('warning', `${basename(path)} ${failure} (${codeOf(error)}).`);
  }
}

function setMode(path: string, mode: 'DELETE' | 'WAL', scratch: string): unknown {
  const database = new SqliteDatabase(openablePath(path, scratch), { fileMustExist: true, timeout: 0 });
  try {
    return database.pragma(`journal_mode = ${mode}`, { simple: true });
  } finally {
    database.close();
  }
}
