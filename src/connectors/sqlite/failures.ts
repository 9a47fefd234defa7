import { basename, dirname } from 'node:path';
import { BackupError } from '../../core/errors.ts';
import { holdersOf } from './holders.ts';

/** A file that SQLite works on, and what it is to the user. */
export interface Subject {
  readonly path: string;
  readonly role: 'database' | 'dump';
}

/** The code of an error of SQLite (`SQLITE_BUSY` …) or of the system (`ENOENT` …), or ''. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** True when somebody else holds a lock that is needed. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error));
}

/** True when the bytes themselves are wrong. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
}

/** Gives what SQLite or the file system threw the code, the sentence and the hint of ours; anything else comes back as it is. */
export function explain(error: unknown, subject: Subject): unknown {
  const code = codeOf(error);
  if (error instanceof BackupError || code === '') return error;
  const name = basename(subject.path);
  if (isDamage(error)) return damaged(code, name, subject, error);
  if (isBusy(error)) return inUse(subject.path, error);
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) {
    return new BackupError('disk.full', `The disk that holds ${name} is full.`, {
      hint: 'Free some space and try again.',
      cause: error,
    });
  }
  if (code === 'EROFS') {
    return new BackupError('disk.readOnly', `${name} is on a read-only disk.`, {
      hint: 'Choose a place that can be written.',
      cause: error,
    });
  }
  if (/^(SQLITE_(PERM|AUTH)|EACCES|EPERM)/.test(code)) return noPermission(name, error);
  if (/^SQLITE_(READONLY|CANTOPEN)/.test(code)) {
    return new BackupError('sqlite.readOnly', `${name} cannot be written.`, {
      hint: 'Allow writing to the file and to its folder: SQLite keeps its journal there.',
      cause: error,
    });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') return missing(subject.path);
  return new BackupError('sqlite.failed', `SQLite could not work with ${name} (${code}).`, {
    hint: 'Show the log for the details.',
    cause: error,
  });
}

/** As `explain`, for what went wrong while a dump was written: a full disk is the one that the dumps are on. */
export function explainDumping(error: unknown, paths: { readonly source: string; readonly destination: string }): unknown {
  const isOfDisk = /^(SQLITE_FULL|ENOSPC|EDQUOT|EROFS)/.test(codeOf(error));
  return explain(error, isOfDisk ? { path: dirname(paths.destination), role: 'dump' } : { path: paths.source, role: 'database' });
}

export function missing(path: string): BackupError {
  return new BackupError('sqlite.missing', `The database file ${basename(path)} does not exist.`, {
    hint: `Correct NAME in the settings, or create the database at ${path}.`,
  });
}

export function noPermission(name: string, cause?: unknown): BackupError {
  return new BackupError('disk.noPermission', `You are not allowed to open ${name}.`, {
    hint: 'Change the permissions of the file or of its folder.',
    cause,
  });
}

/** Somebody else holds `path`; says who, where the system tells. */
export function inUse(path: string, cause?: unknown): BackupError {
  const holders = holdersOf(path);
  return new BackupError('sqlite.inUse', `${basename(path)} is locked by another program.`, {
    hint: holders.length === 0 ? 'Close the programs that use it and try again.' : `Close ${holders.join(', ')} and try again.`,
    cause,
  });
}

function damaged(code: string, name: string, subject: Subject, cause: unknown): BackupError {
  if (subject.role !== 'database') {
    return new BackupError('dumps.damaged', `${name} is damaged (${code}).`, { hint: 'Use another dump.', cause });
  }
  if (code.startsWith('SQLITE_NOTADB')) {
    return new BackupError('sqlite.notADatabase', `${name} is not an SQLite database, or it is encrypted.`, {
      hint: 'Correct NAME in the settings, or restore a dump into it.',
      cause,
    });
  }
  return corrupt(subject.path, cause);
}

export function corrupt(path: string, cause?: unknown): BackupError {
  return new BackupError('sqlite.corrupt', `The database ${basename(path)} is damaged.`, {
    hint: 'Restore a dump that was made before.',
    cause,
  });
}
