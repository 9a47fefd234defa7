import { basename } from 'node:path';
import type { Contents } from '../../core/connector.ts';
import { BackupError } from '../../core/errors.ts';
import type { Copied, TaskOf } from './tasks.ts';
import type { Thread } from './thread.ts';

export function dumpText(task: TaskOf<'dumpSql'>, _thread: Thread): Promise<Copied> {
  return Promise.reject(notYet(task.source));
}
export function restoreText(task: TaskOf<'restore'>, _thread: Thread): Promise<void> {
  return Promise.reject(notYet(task.dump));
}
export function verifyText(task: TaskOf<'verify'>, _thread: Thread): Promise<Contents> {
  return Promise.reject(notYet(task.path));
}
function notYet(path: string): BackupError {
  return new BackupError('connector.unavailable', `SQL dumps are not built yet (${basename(path)}).`, { hint: '' });
}
