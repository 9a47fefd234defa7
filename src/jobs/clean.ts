import type { RequestOf, ResultOf } from '../core/job.ts';
import { dumpsToDelete } from '../core/retention.ts';
import { assignDumps, listDumps } from '../dumps/catalog.ts';
import { removeDump } from '../dumps/remove.ts';
import { realPath } from '../dumps/targets.ts';
import type { JobContext } from './context.ts';
import { withDirectoryLock } from './locks.ts';

/** Deletes each database's dumps beyond what its retention keeps; other databases' dumps, and what is not verified, stay. */
export async function clean(request: RequestOf<'clean'>, context: JobContext): Promise<ResultOf<'clean'>> {
  const { databases, dumps, stateDirectory } = request;
  return withDirectoryLock(await realPath(dumps.directory), 'the cleaning of old backups', context, async () => {
    context.run.progress({ phase: 'deleting' });
    const { byAlias } = await assignDumps(await listDumps({ ...dumps, stateDirectory }), databases, dumps);
    const old = [...byAlias.values()].flatMap((entries) => dumpsToDelete(entries, dumps.cleanupKeep));
    for (const entry of old) {
      context.run.signal.throwIfAborted();
      await removeDump(entry, stateDirectory);
      context.run.log('info', `Deleted ${entry.name}.`);
    }
    return {
      kind: 'clean',
      deleted: old.map(({ file }) => file),
      freedBytes: old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  });
}
