import { BackupError } from './errors.ts';

/** The operating system's name for an error (`ENOENT`, `ENOSPC` …), or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What a failed file operation means to the user: a full disk, a read-only one, a missing permission.
 *
 * Shape: `place` is the path that the sentence names. Any other error comes back as it was.
 */
export function toDiskError(error: unknown, place: string): unknown {
  switch (systemCode(error) ?? '') {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(place, error);
    case 'EROFS':
      return new BackupError('disk.readOnly', `The disk that holds ${place} is read-only.`, {
        hint: 'Choose a folder on another disk, or mount this one for writing.',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new BackupError('disk.noPermission', `You have no permission to use ${place}.`, {
        hint: 'Choose another folder, or change the permissions of this one.',
        cause: error,
      });
    default:
      return error;
  }
}

/** The error for a disk without room, also where the lack of room was seen before anything was written. */
export function diskFull(place: string, cause?: unknown): BackupError {
  return new BackupError('disk.full', `There is not enough room on the disk that holds ${place}.`, {
    hint: 'Free some space there, or choose a folder on another disk, and try again.',
    cause,
  });
}
