import { makeWorkspace } from '../helpers/workspace.ts';
import type { Row } from './measure.ts';
import { runMeasured } from './measuredJob.ts';
import type { Bench } from './site.ts';

/** From the fork of a job process to its first progress of copying, on a small database. */
export async function measureJobStart({ site, runs }: Bench): Promise<readonly Row[]> {
  const file = site.database(10);
  // One state directory for all runs, as a user has one: it keeps what the first job has compiled.
  const { stateDirectory, remove } = makeWorkspace();
  const rows: Row[] = [];
  for (const connector of ['SqliteBackupConnector', 'SqliteConnector']) {
    const values: number[] = [];
    for (let run = 0; run <= 2 * runs; run++) {
      const workspace = makeWorkspace();
      const database = workspace.database({ file, connector });
      const request = { kind: 'backup' as const, database, dumps: workspace.dumps, stateDirectory };
      const { firstWorkMs } = await runMeasured(site.jobProcess, request, 'atOnce');
      workspace.remove();
      if (run > 0) values.push(firstWorkMs);
    }
    rows.push({ what: `start of a job to its first work, ${connector}`, unit: 'ms', values, reach: 150 });
  }
  remove();
  return rows;
}
