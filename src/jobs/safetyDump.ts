import type { Inspection } from '../core/connector.ts';
import { BackupError, isCancellation, toFailure } from '../core/errors.ts';
import type { Run } from '../core/run.ts';
import type { PublishedDump } from '../dumps/publishRequest.ts';
import type { DatabaseJobContext } from './context.ts';
import { keepRawDump, makeDump, type DumpRequest } from './dump.ts';

/**
 * Makes the dump that leads back from a restore: the whole target, whatever EXCLUDE says; the raw file where the target is too damaged to be dumped.
 *
 * Shape: undefined when the user switched safety dumps off, or when there is no target yet.
 * Errors: `restore.safetyFailed`: without a way back there is no restore.
 */
export async function makeSafetyDump(
  request: DumpRequest,
  inspection: Inspection,
  context: DatabaseJobContext,
): Promise<PublishedDump | undefined> {
  if (!request.dumps.safetyBackup || !inspection.exists) return undefined;
  const run: Run = { ...context.run, progress: (progress) => context.run.progress({ ...progress, phase: 'safety' }) };
  try {
    const safety = { ...context, run };
    const made = inspection.damage === undefined ? await makeDump(request, 'safety', safety) : await keepRawDump(request, safety);
    if (made !== undefined) return made;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { sentence, hint } = toFailure(error);
    throw new BackupError('restore.safetyFailed', `The safety dump before the restore could not be made: ${sentence}`, {
      hint,
      cause: error,
    });
  }
  throw new BackupError('restore.safetyFailed', `${request.database.alias} is damaged and cannot be kept as it is.`, {
    hint: 'Set dbbackup.safetyBackup to false to restore without a way back.',
  });
}
