import type { PreparedRestore } from '../core/connector.ts';
import type { Database } from '../core/database.ts';
import { BackupError, isCancellation, toFailure } from '../core/errors.ts';
import type { Run } from '../core/run.ts';
import { openDump } from '../dumps/open.ts';
import type { DatabaseJobContext } from './context.ts';
import { knownFormat, openedAs } from './formats.ts';

/**
 * Applies a restore. Where the engine cannot undo a half of it by itself, the safety dump is offered when it fails or is cancelled.
 *
 * Errors: those of the restore, for an atomic one; `restore.rolledBack` with what went wrong, when the old rows are back;
 * `restore.mixed` when they are not, with the way to bring them back. A cancelled restore that was rolled back stays cancelled.
 */
export async function applyOrRollBack(
  prepared: PreparedRestore,
  { database, safetyFile }: { readonly database: Database; readonly safetyFile: string | undefined },
  context: DatabaseJobContext,
): Promise<void> {
  try {
    await prepared.apply(context.run);
  } catch (error) {
    if (prepared.safety === 'atomic' || safetyFile === undefined) throw error;
    const reason = isCancellation(error) ? 'The restore was cancelled.' : toFailure(error).sentence;
    // What is rolled back must not hear the cancel that made it necessary.
    const run: Run = { ...context.run, signal: new AbortController().signal };
    if (!(await run.ask({ kind: 'rollBack', alias: database.alias, reason })))
      throw mixed(database.alias, reason, safetyFile, error);
    await rollBack(database, safetyFile, { ...context, run }, reason);
    if (isCancellation(error)) throw error;
    throw new BackupError('restore.rolledBack', `${reason} ${database.alias} was rolled back to the state before.`, {
      hint: toFailure(error).hint,
      cause: error,
    });
  }
}

async function rollBack(database: Database, safetyFile: string, context: DatabaseJobContext, reason: string): Promise<void> {
  const { connector, run } = context;
  run.log('warning', `Rolling ${database.alias} back: ${reason}`);
  try {
    // Its private copy goes with the job's scratch folder.
    const dump = await openDump(safetyFile, context);
    const format = await knownFormat(dump, context);
    const inspection = await connector.inspect(database, context, run);
    const prepared = await connector.prepareRestore(database, openedAs(dump, format), inspection, context, run);
    await prepared.apply(run);
  } catch (error) {
    throw mixed(database.alias, `Rolling back failed: ${toFailure(error).sentence}`, safetyFile, error);
  }
}

function mixed(alias: string, reason: string, safetyFile: string, cause: unknown): BackupError {
  return new BackupError('restore.mixed', `${reason} ${alias} may hold a mixture of old and new rows.`, {
    hint: `Restore the safety dump ${safetyFile}.`,
    cause,
  });
}
