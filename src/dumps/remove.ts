import { rm } from 'node:fs/promises';
import { toDiskError } from '../core/diskError.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { manifestName } from '../core/dumpName.ts';
import { realPath } from './targets.ts';
import { forgetResult } from './verifyResults.ts';

/**
 * Deletes a listed dump: the dump first, its manifest last, so that a dump without its manifest is never left by an interruption.
 *
 * Shape: a file beside it that is not its whole manifest stays. A dump that is gone already is not an error. Errors: BackupError `disk.*`.
 */
export async function removeDump(entry: DumpEntry, stateDirectory: string): Promise<void> {
  const file = await realPath(entry.file);
  try {
    await rm(entry.file, { force: true });
    if (entry.manifest !== undefined) await rm(manifestName(entry.file), { force: true });
  } catch (error) {
    throw toDiskError(error, entry.file);
  }
  await forgetResult(stateDirectory, file);
}
