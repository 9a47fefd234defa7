import { BackupError } from '../../core/errors.ts';

export function refusedDump(sentence: string, next: string): BackupError {
  return new BackupError('dump.refused', sentence, { hint: next });
}

/** A database exists as long as something is in it: the tools make an archive of nothing, and say that all went well. */
export function unknownDatabase(where: string): BackupError {
  return new BackupError('connection.unknownDatabase', `The server has no such database: ${where}.`, {
    hint: 'Correct NAME in the settings.',
  });
}
