import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemCode } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';

/**
 * Opens a file for reading without following a link and without waiting for anyone, as a named pipe would make us.
 *
 * Errors: BackupError `dumps.missing`; `dumps.unreadable` for links, folders, pipes, devices and files without permission.
 */
export async function openRegular(file: string): Promise<{ readonly handle: FileHandle; readonly stats: Stats }> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  const stats = await handle.stat();
  if (stats.isFile()) return { handle, stats };
  await handle.close();
  throw notAFile(file);
}

/** Writes a whole chunk behind what was written before. Errors: those of the system. */
export async function writeAll(target: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) written += (await target.write(chunk, written)).bytesWritten;
}

function unreadable(file: string, cause: unknown): unknown {
  const name = basename(file);
  switch (systemCode(cause) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return new BackupError('dumps.missing', `The dump ${name} is not there.`, { hint: 'Refresh the list of dumps.', cause });
    case 'ELOOP':
      return new BackupError('dumps.unreadable', `${name} is a link, not a dump.`, {
        hint: 'Choose the file that it leads to.',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
      return new BackupError('dumps.unreadable', `You have no permission to read ${name}.`, {
        hint: 'Change the permissions of the file.',
        cause,
      });
    case 'ENXIO':
    case 'EISDIR':
      return notAFile(file, cause);
    default:
      return cause;
  }
}

function notAFile(file: string, cause?: unknown): BackupError {
  return new BackupError('dumps.unreadable', `${basename(file)} is not a file.`, { hint: 'Choose a dump file.', cause });
}
