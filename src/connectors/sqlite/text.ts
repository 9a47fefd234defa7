import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import SqliteDatabase from 'better-sqlite3';
import type { Contents } from '../../core/contents.ts';
import { libraryVersion } from './contents.ts';
import { codeOf, explainDumping } from './failures.ts';
import { openablePath, sizeOf } from './files.ts';
import { logWaitingWriters, openSource, type Source } from './source.ts';
import { dumpSql } from './sql/dump.ts';
import { parseEncoding } from './sql/encoding.ts';
import { Partner } from './sql/partner.ts';
import { restoreSql } from './sql/restore.ts';
import { verifySql } from './sql/verify.ts';
import type { Copied, TaskOf } from './tasks.ts';
import type { Thread } from './thread.ts';
import { patienceMs, untilFree } from './waiting.ts';

/** From this size on a second thread pays. */
const sharedBytes = 32 << 20;

/** Writes a database as SQL text. Errors: as `openSource`; BackupError 'disk.full'. */
export async function dumpText(task: TaskOf<'dumpSql'>, thread: Thread): Promise<Copied> {
  const source = await openSource(task.source, thread);
  const fd = openSync(task.destination, 'r+');
  let partner: Partner | undefined;
  try {
    thread.progress({ phase: 'dumping', doneBytes: 0 });
    logWaitingWriters(source, task.source, thread);
    // The lock has been waited for; `dumpSql` begins a read transaction of its own.
    source.database.exec('ROLLBACK');
    source.database.pragma(`busy_timeout = ${patienceMs}`);
    partner = partnerFor(source);
    const dumped = dumpSql(source.database, {
      exclude: task.exclude,
      partner,
      write: (block) => writeAll(fd, block),
      progress: ({ bytes, rows }) => thread.progress({ phase: 'dumping', doneBytes: bytes, rows }),
      checkpoint: () => thread.checkpoint(),
    });
    return { ...dumped, serverVersion: libraryVersion(source.database) };
  } catch (error) {
    throw explainDumping(error, task);
  } finally {
    partner?.close();
    closeSync(fd);
    source.close();
  }
}

/** None where it would not pay, or where a second connection cannot be had. */
function partnerFor({ database, pageCount, pageSize }: Source): Partner | undefined {
  if (pageCount * pageSize < sharedBytes || availableParallelism() < 2) return undefined;
  try {
    return new Partner({
      path: database.name,
      encoding: parseEncoding(database.pragma('encoding', { simple: true })) ?? 'UTF-8',
    });
  } catch (error) {
    if (codeOf(error).startsWith('SQLITE_')) return undefined;
    throw error;
  }
}

function writeAll(fd: number, block: Uint8Array): void {
  for (let done = 0; done < block.length;) done += writeSync(fd, block, done);
}

/** Proves an SQL dump. Errors: as `verifySql`. */
export function verifyText(task: TaskOf<'verify'>, thread: Thread): Contents {
  thread.progress({ phase: 'verifying', totalBytes: sizeOf(task.path) });
  return verifySql(task.path, task.level, () => thread.checkpoint());
}

/** Restores an SQL dump in one transaction. Errors: as `restoreSql`; SQLite's own for the target. */
export async function restoreText(task: TaskOf<'restore'>, thread: Thread): Promise<void> {
  const totalBytes = sizeOf(task.dump);
  const database = new SqliteDatabase(openablePath(task.target, thread.scratch), { timeout: 0 });
  try {
    // Waited for here, where a cancel is heard; later only readers can be in the way, and only for a moment.
    await untilFree(task.target, thread, () => void database.exec('BEGIN IMMEDIATE; ROLLBACK'));
    database.pragma(`busy_timeout = ${patienceMs}`);
    // Half of what SQLite takes otherwise, and no slower (measured 2026-11, 200 MiB). Units: KiB, negated.
    database.pragma('cache_size = -8000');
    const { warnings } = restoreSql(database, task.dump, {
      progress: ({ bytes, rows }) => thread.progress({ phase: 'restoring', doneBytes: bytes, totalBytes, rows }),
      checkpoint: () => thread.checkpoint(),
    });
    for (const warning of warnings) thread.log('warning', warning);
  } finally {
    database.close();
  }
}
