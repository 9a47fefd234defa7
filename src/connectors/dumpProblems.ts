import { BackupError } from '../core/errors.ts';

const hint = 'Choose another dump, or make a new one.';

export function emptyDump(): BackupError {
  return new BackupError('dumps.empty', 'The dump is empty.', { hint });
}

export function truncatedDump(): BackupError {
  return new BackupError('dumps.truncated', 'The dump is cut off: its end is missing.', { hint });
}

/** `what` ends the sentence. */
export function damagedDump(what: string): BackupError {
  return new BackupError('dumps.damaged', `The dump is damaged: ${what}.`, { hint });
}

export function refusedRestore(sentence: string, next: string): BackupError {
  return new BackupError('restore.refused', sentence, { hint: next });
}
