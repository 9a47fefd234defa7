import { makeWorkspace } from '../helpers/workspace.ts';
import type { Row } from './measure.ts';
import { runMeasured } from './measuredJob.ts';
import type { Bench } from './site.ts';

/**
 * From the fork of a job process to its first progress of copying, on a small database.
 *
 * The first two jobs are not counted: one makes the state directory, one leaves the compiled code there.
 */
export async function measureJobStart({ site, runs }: Bench): Promise<readonly Row[]> {
  const file = site.database(10);
  const rows: Row[] = [];
  for (const connector of ['SqliteBackupConnector', 'SqliteConnector']) {
    const values: number[] = [];
    const workspace = makeWorkspace();
    const { dumps, stateDirectory } = workspace;
    const request = { kind: 'backup' as const, database: workspace.database({ file, connector }), dumps, stateDirectory };
    for (let run = -2; run < 2 * runs; run++) {
      const { firstWorkMs } = await runMeasured(site.jobProcess, request, 'atOnce');
      if (run >= 0) values.push(firstWorkMs);
    }
    workspace.remove();
    rows.push({ what: `start of a job to its first work, ${connector}`, unit: 'ms', values, reach: 150 });
  }
  return rows;
}
