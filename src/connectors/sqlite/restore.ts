import { constants, copyFileSync, statSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { BackupError } from '../../core/errors.ts';
import { explain, isDamage } from './failures.ts';
import { beginsAsDatabase, checkFile, leaveWalMode, privateDump, readHeader } from './files.ts';
import { inspectTarget } from './inspect.ts';
import { checkpointWal, enterWal, leaveWal } from './journalMode.ts';
import { copyPages } from './pages.ts';
import { makeNew, replaceBroken } from './replace.ts';
import { readOnceCache } from './source.ts';
import type { TaskOf } from './tasks.ts';
import { restoreText } from './text.ts';
import type { Thread } from './thread.ts';
import { checkHeader } from './verify.ts';

/**
 * Puts a dump's rows into the live database, in one transaction: killed at any moment, the old rows or the new are there.
 *
 * Errors: BackupError 'dumps.*' for the dump; 'sqlite.inUse', 'sqlite.pageSize', 'sqlite.readOnly', 'disk.full' for the target,
 * which is then as before.
 */
export async function restore(task: TaskOf<'restore'>, thread: Thread): Promise<undefined> {
  const sizeBytes = checkFile(task.dump);
  if (sizeBytes === 0) throw new BackupError('dumps.empty', `${basename(task.dump)} is empty.`, { hint: 'Use another dump.' });
  const isText = !beginsAsDatabase(task.dump);
  if (!isText) checkHeader(task.dump, sizeBytes);
  const fill: Fill = (target) => (isText ? restoreText : restorePages)({ ...task, target }, thread);
  try {
    if (isMissing(task.target)) await makeNew(task.target, fill);
    else await (isText ? textIntoExisting : pagesIntoExisting)(task.target, fill, thread);
  } catch (error) {
    throw explain(error, { path: task.target, role: 'database' });
  }
  return undefined;
}

type Fill = (target: string) => Promise<void>;

/** Pages go over any file of which SQLite can make sense at all, however damaged inside. */
async function pagesIntoExisting(target: string, fill: Fill, thread: Thread): Promise<void> {
  checkFile(target);
  try {
    await fill(target);
  } catch (error) {
    if (!isDamage(error)) throw error;
    await replace(target, fill, thread);
  }
}

/** Statements need a sound database to work in. */
async function textIntoExisting(target: string, fill: Fill, thread: Thread): Promise<void> {
  const { damage } = await inspectTarget(target, thread);
  if (damage === undefined) await fill(target);
  else await replace(target, fill, thread);
}

/** The broken bytes were kept before; now a whole new file takes their place. */
async function replace(target: string, fill: Fill, thread: Thread): Promise<void> {
  thread.log('warning', `${basename(target)} is damaged and is replaced by a new file.`);
  await replaceBroken(target, fill);
}

function isMissing(target: string): boolean {
  if (statSync(target, { throwIfNoEntry: false }) !== undefined) return false;
  if (statSync(dirname(target), { throwIfNoEntry: false }) !== undefined) return true;
  throw new BackupError('sqlite.missing', `The folder of ${basename(target)} does not exist.`, {
    hint: `Create ${dirname(target)}.`,
  });
}

async function restorePages({ dump, target }: TaskOf<'restore'>, thread: Thread): Promise<void> {
  const source = new SqliteDatabase(rollbackModeDump(dump, thread.scratch), { readonly: true, fileMustExist: true });
  try {
    source.pragma(readOnceCache);
    const header = statSync(target, { throwIfNoEntry: false }) === undefined ? undefined : readHeader(target);
    const isWal = header?.isWal === true;
    // SQLite refuses to change the page size of a WAL database.
    const mustLeaveWal = isWal && header.pageSize !== Number(source.pragma('page_size', { simple: true }));
    if (mustLeaveWal) await leaveWal(target, thread);
    try {
      await copyPages({ from: source, to: target, contended: target, phase: 'restoring' }, thread);
    } finally {
      if (mustLeaveWal) enterWal(target, thread);
    }
    if (isWal) checkpointWal(target, thread);
  } finally {
    source.close();
  }
}

/** A dump in WAL mode would put its target into WAL mode: such a one, which only others make, is copied and changed first. */
function rollbackModeDump(dump: string, scratch: string): string {
  if (readHeader(dump)?.isWal !== true) return privateDump(dump, scratch);
  const copy = join(scratch, `dump-${randomUUID()}`);
  copyFileSync(dump, copy, constants.COPYFILE_FICLONE);
  leaveWalMode(copy);
  return copy;
}
