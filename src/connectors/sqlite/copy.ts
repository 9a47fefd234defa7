import { basename } from 'node:path';
import { BackupError } from '../../core/errors.ts';
import { copyBytes, isFrozen } from './bytes.ts';
import { libraryVersion, readContents } from './contents.ts';
import { copyByOtherProcess } from './copyProcess.ts';
import { explainDumping } from './failures.ts';
import { checkFile, leaveWalMode, readHeader, sizeOf } from './files.ts';
import { copyPages } from './pages.ts';
import { logWaitingWriters, openSource, type Source } from './source.ts';
import type { Copied, TaskOf } from './tasks.ts';
import type { Thread } from './thread.ts';

/**
 * Copies a database in use: its bytes where the read transaction holds them still, else page by page by SQLite's online backup.
 * The copy is one file in rollback-journal mode.
 */
export async function copyInUse(task: TaskOf<'backup'>, thread: Thread): Promise<Copied> {
  const source = await openSource(task.source, thread);
  try {
    thread.progress({ phase: 'dumping', doneBytes: 0, totalBytes: source.pageCount * source.pageSize });
    logWaitingWriters(source, task.source, thread);
    const contents = readContents(source.database, () => thread.checkpoint());
    const { source: contended, destination: to } = task;
    if (isFrozen(source)) copyBytes(source, to, thread);
    else await copyPages({ from: source.database, to, contended, phase: 'dumping' }, thread);
    if (readHeader(to)?.isWal === true) leaveWalMode(to);
    // An empty database has no pages; its copy has the one that makes it a database.
    checkSize(task, Math.max(1, source.pageCount) * source.pageSize);
    return { contents, serverVersion: libraryVersion(source.database), warnings: [] };
  } catch (error) {
    throw explainDumping(error, task);
  } finally {
    source.close();
  }
}

/**
 * Copies the bytes of a database file in another process, while a read transaction here keeps writers away from them.
 *
 * Errors: BackupError 'sqlite.inUse' when a journal shows that rows are not yet in the file.
 */
export async function rawCopy(task: TaskOf<'rawCopy'>, thread: Thread): Promise<Copied> {
  // An empty file is an empty database, but an empty dump is no dump.
  if (checkFile(task.source) === 0) return copyInUse({ ...task, kind: 'backup' }, thread);
  refuseJournals(task.source);
  const source = await openSource(task.source, thread);
  try {
    // Once more: a program may have written between the look and the lock.
    refuseJournals(task.source);
    logWaitingWriters(source, task.source, thread);
    const totalBytes = source.pageCount * source.pageSize;
    thread.progress({ phase: 'dumping', doneBytes: 0, totalBytes });
    const copying = copyByOtherProcess(source.path, task.destination, thread.signal);
    const contents = await countBeside(source, copying, thread);
    // A dump is one file: in WAL mode, reading it would make others beside it. These two bytes are all that differs.
    if (readHeader(task.destination)?.isWal === true) leaveWalMode(task.destination);
    checkSize(task, totalBytes);
    return { contents, serverVersion: libraryVersion(source.database), warnings: [] };
  } catch (error) {
    throw explainDumping(error, task);
  } finally {
    source.close();
  }
}

/** The read transaction must outlive the copying, whatever the counting throws. */
async function countBeside(source: Source, copying: Promise<void>, thread: Thread): Promise<Copied['contents']> {
  const finished = copying.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  try {
    return readContents(source.database, () => thread.checkpoint());
  } finally {
    const failed = await finished;
    if (failed !== undefined) throw failed.error;
  }
}

function refuseJournals(path: string): void {
  const name = basename(path);
  if (sizeOf(`${path}-wal`) === 0 && sizeOf(`${path}-journal`) === 0) return;
  throw new BackupError('sqlite.inUse', `${name} is in use: its journal holds rows that are not in the file.`, {
    hint: 'Close the programs that use it, or use SqliteBackupConnector, which copies a database in use.',
  });
}

function checkSize(task: { readonly source: string; readonly destination: string }, expected: number): void {
  if (sizeOf(task.destination) === expected) return;
  throw new BackupError('sqlite.failed', `The copy of ${basename(task.source)} has another size than the database.`, {
    hint: 'Try again.',
  });
}
