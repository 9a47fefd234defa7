import { basename } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { Contents } from '../../core/contents.ts';
import { BackupError } from '../../core/errors.ts';
import { readContents } from './contents.ts';
import { explain } from './failures.ts';
import { checkFile, privateDump, readHeader } from './files.ts';
import { findDamage } from './integrity.ts';
import { readOnceCache } from './source.ts';
import type { TaskOf } from './tasks.ts';
import { verifyText } from './text.ts';
import type { Thread } from './thread.ts';

/** Proves a dump; nothing appears beside it. Errors: BackupError 'dumps.empty', 'dumps.truncated', 'dumps.damaged'. */
export function verify(task: TaskOf<'verify'>, thread: Thread): Contents {
  const sizeBytes = checkFile(task.path);
  if (sizeBytes === 0) throw new BackupError('dumps.empty', `${basename(task.path)} is empty.`, { hint: 'Use another dump.' });
  try {
    return task.format === 'sqlite' ? verifyPages(task, sizeBytes, thread) : verifyText(task, thread);
  } catch (error) {
    throw explain(error, { path: task.path, role: 'dump' });
  }
}

function verifyPages(task: TaskOf<'verify'>, sizeBytes: number, thread: Thread): Contents {
  checkHeader(task.path, sizeBytes);
  const database = new SqliteDatabase(privateDump(task.path, thread.scratch), { readonly: true, fileMustExist: true });
  try {
    database.pragma('trusted_schema = OFF');
    thread.progress({ phase: 'verifying', totalBytes: sizeBytes });
    // A quick check reads each page once; a full one looks rows of indexes up.
    if (task.level === 'quick') database.pragma(readOnceCache);
    const check = task.level === 'full' ? 'integrity_check' : 'quick_check';
    if (findDamage(database, check, thread)) throw damaged(task.path, 'its pages do not fit together');
    return readContents(database, () => thread.checkpoint());
  } finally {
    database.close();
  }
}

/** Throws unless a dump begins as a database and is as long as it says. */
export function checkHeader(path: string, sizeBytes: number): void {
  const header = readHeader(path);
  if (header === undefined || header.pageSize < 512 || !Number.isInteger(Math.log2(header.pageSize))) {
    throw sizeBytes < 512 ? truncated(path) : damaged(path, 'it does not begin as an SQLite database does');
  }
  const expected = header.pageCount === undefined ? Math.ceil(sizeBytes / header.pageSize) : header.pageCount;
  if (sizeBytes < expected * header.pageSize) throw truncated(path);
  if (sizeBytes > expected * header.pageSize) throw damaged(path, 'it goes on behind its last page');
}

function truncated(path: string): BackupError {
  return new BackupError('dumps.truncated', `${basename(path)} is cut off.`, { hint: 'Use another dump.' });
}

function damaged(path: string, why: string): BackupError {
  return new BackupError('dumps.damaged', `${basename(path)} is damaged: ${why}.`, { hint: 'Use another dump.' });
}
