import { BackupError } from '../../core/errors.ts';

/** A dump with something in it that no tool writes; `why` ends the sentence. */
export function damagedText(name: string, why: string): BackupError {
  return new BackupError('dumps.damaged', `${name} is damaged: ${why}.`, { hint: 'Use another dump, or make a new one.' });
}

/** A dump that stops before its end mark, wherever it was cut. */
export function truncatedText(name: string): BackupError {
  return new BackupError('dumps.truncated', `${name} does not end with the mark of a complete dump.`, {
    hint: 'Use another dump, or make a new one. A dump made with --compact or --skip-comments has no mark.',
  });
}

export function emptyText(name: string): BackupError {
  return new BackupError('dumps.empty', `${name} is empty.`, { hint: 'Use another dump, or make a new one.' });
}
