import { BackupError } from '../core/errors.ts';
import { listText } from '../core/words.ts';

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

/**
 * The warning of a dump that lacks what was in the database all the time.
 *
 * Shape: none where nothing is missing. Errors: `dump.refused`, unless words of the user decided what is in the dump (`isShaped`).
 */
export function lackWarnings(missing: readonly string[], isShaped: boolean): string[] {
  if (missing.length === 0) return [];
  const sentence = `The dump lacks what is in the database: ${listText(missing)}.`;
  if (!isShaped) throw new BackupError('dump.refused', sentence, { hint: 'Show the log, and make the backup again.' });
  return [sentence];
}

export function refusedRestore(sentence: string, next: string): BackupError {
  return new BackupError('restore.refused', sentence, { hint: next });
}
