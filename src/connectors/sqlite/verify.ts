import { basename } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { Contents } from '../../core/connector.ts';
import { BackupError } from '../../core/errors.ts';
import { quoteName, readContents } from './contents.ts';
import { codeOf, explain } from './failures.ts';
import { checkFile, privateDump, readHeader } from './files.ts';
import type { TaskOf } from './tasks.ts';
import { verifyText } from './text.ts';
import type { Thread } from './thread.ts';

/** Proves a dump; nothing appears beside it. Errors: BackupError 'dumps.empty', 'dumps.truncated', 'dumps.damaged'. */
export async function verify(task: TaskOf<'verify'>, thread: Thread): Promise<Contents> {
  const sizeBytes = checkFile(task.path);
  if (sizeBytes === 0) throw new BackupError('dumps.empty', `${basename(task.path)} is empty.`, { hint: 'Use another dump.' });
  try {
    return task.format === 'sqlite' ? verifyPages(task, sizeBytes, thread) : await verifyText(task, thread);
  } catch (error) {
    throw explain(error, { path: task.path, role: 'dump' });
  }
}

function verifyPages(task: TaskOf<'verify'>, sizeBytes: number, thread: Thread): Contents {
  checkHeader(task.path, sizeBytes);
  const database = new SqliteDatabase(privateDump(task.path, thread.scratch), { readonly: true, fileMustExist: true });
  try {
    database.pragma('trusted_schema = OFF');
    // A row that breaks a CHECK is a matter of its application; and a CHECK may call functions that only the application has.
    database.pragma('ignore_check_constraints = ON');
    thread.progress({ phase: 'verifying', totalBytes: sizeBytes });
    const findings = checkPages(database, task.level === 'full' ? 'integrity_check' : 'quick_check', thread);
    if (findings.length > 0) {
      thread.log('error', findings.join('\n'));
      throw damaged(task.path, 'its pages do not fit together');
    }
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

// Constraints that the application's own rows break are said, but a faithful copy of them is no damage.
const constraintFinding = /^(?:NULL|NUMERIC|TEXT|non-\w+) value in /;

/** Gives what is wrong, or an empty list. */
function checkPages(database: Database, check: 'quick_check' | 'integrity_check', thread: Thread): readonly string[] {
  const findings = thread.blocked(() => checkAll(database, check)) ?? checkTables(database, check, thread);
  const accepted = findings.filter((finding) => constraintFinding.test(finding));
  if (accepted.length > 0) thread.log('warning', accepted.join('\n'));
  return findings.filter((finding) => finding !== 'ok' && !constraintFinding.test(finding));
}

function checkAll(database: Database, check: string): readonly string[] | undefined {
  try {
    return database.prepare<[], string>(`PRAGMA ${check}`).pluck().all();
  } catch (error) {
    // A collation or function that only the application has: then each table is checked for itself.
    if (codeOf(error).startsWith('SQLITE_ERROR')) return undefined;
    throw error;
  }
}

function checkTables(database: Database, check: string, thread: Thread): readonly string[] {
  return readContents(database, () => thread.checkpoint()).tables.flatMap(({ name }) => {
    const findings = thread.blocked(() => checkAll(database, `${check}(${quoteName(name)})`));
    if (findings === undefined)
      thread.log('warning', `The table ${name} uses a collation or function that is unknown here; its rows were not checked.`);
    return findings ?? [];
  });
}

function truncated(path: string): BackupError {
  return new BackupError('dumps.truncated', `${basename(path)} is cut off.`, { hint: 'Use another dump.' });
}

function damaged(path: string, why: string): BackupError {
  return new BackupError('dumps.damaged', `${basename(path)} is damaged: ${why}.`, { hint: 'Use another dump.' });
}
