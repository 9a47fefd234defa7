import { targetLabel } from '../core/database.ts';
import type { RequestOf, ResultOf } from '../core/job.ts';
import { realTarget } from '../dumps/targets.ts';
import type { DatabaseJobContext } from './context.ts';
import { makeDump } from './dump.ts';
import { withTargetLock } from './locks.ts';

/** Dumps one database into its dump directory. Errors: `job.busy`, `disk.*`, the connector's own; nothing is published then. */
export async function backup(request: RequestOf<'backup'>, context: DatabaseJobContext): Promise<ResultOf<'backup'>> {
  const database = { ...request.database, target: await realTarget(request.database.target) };
  return withTargetLock(database, 'backup', context, async () => {
    context.run.progress({ phase: 'preparing' });
    context.run.log('info', `Backing up ${database.alias} (${targetLabel(database.target)}) with ${context.connector.name}.`);
    const { file, manifest } = await makeDump({ ...request, database }, 'manual', context);
    const { sizeBytes, sha256, durationMs, warnings } = manifest;
    return {
      kind: 'backup',
      alias: database.alias,
      connector: context.connector.name,
      file,
      sizeBytes,
      sha256,
      durationMs,
      verification: request.dumps.verification,
      warnings,
    };
  });
}
