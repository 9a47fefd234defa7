import { rmSync } from 'node:fs';
import type { DumpSettings, JobRequest } from '../../src/core/job.ts';
import { makeWorkspace, type TestWorkspace } from '../helpers/workspace.ts';
import type { Row } from './measure.ts';
import { runMeasured } from './measuredJob.ts';
import type { Bench, Site } from './site.ts';
import { longestValueBytes } from './testDatabase.ts';

const reachMib = 64 + (4 * longestValueBytes) / 1_048_576;

/** Peak memory of the job process above its size when `start` arrives, for each kind of job, on a small and on a large database. */
export async function measureMemory({ site, sizeMib }: Bench): Promise<readonly Row[]> {
  const sizes = sizeMib === undefined ? [100, 1024] : [Math.ceil(sizeMib / 10), sizeMib];
  const rows: Row[] = [];
  for (const size of sizes) {
    const workspace = makeWorkspace();
    try {
      rows.push(...(await measureJobs(site, workspace, size)));
    } finally {
      workspace.remove();
    }
  }
  return rows.toSorted((a, b) => (a.what < b.what ? -1 : 1));
}

async function measureJobs(site: Site, workspace: TestWorkspace, sizeMib: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const source = site.database(sizeMib);
  const target = site.path('memory-target.sqlite3');
  const measure = async (what: string, request: JobRequest): Promise<void> => {
    const { growthBytes } = await runMeasured(site.jobProcess, request, 'whenReady');
    rows.push({
      what: `memory of ${what}, ${String(sizeMib).padStart(4)} MiB`,
      unit: 'MiB',
      values: [growthBytes / 1_048_576],
      reach: reachMib,
    });
  };
  const dumps = (name: string, settings: Partial<DumpSettings> = {}): DumpSettings => ({
    ...workspace.dumps,
    directory: workspace.path(name),
    filenameTemplate: 'dump.{extension}',
    ...settings,
  });
  const common = { stateDirectory: workspace.stateDirectory };
  const asFile = workspace.database({ file: source });
  const asText = workspace.database({ file: source, connector: 'SqliteConnector' });
  const file = workspace.path('files', 'dump.sqlite3');
  const text = workspace.path('texts', 'dump.dump');

  await measure('backup', { kind: 'backup', database: asFile, dumps: dumps('files'), ...common });
  await measure('backup with zstd', {
    kind: 'backup',
    database: asFile,
    dumps: dumps('packed', { compression: 'zstd' }),
    ...common,
  });
  await measure('SQL dump', { kind: 'backup', database: asText, dumps: dumps('texts'), ...common });
  await measure('verify', { kind: 'verify', files: [file], dumps: dumps('files'), ...common });
  await measure('verify of an SQL dump', { kind: 'verify', files: [text], dumps: dumps('texts'), ...common });
  for (const [what, dump] of [
    ['restore', file],
    ['SQL restore', text],
  ] as const) {
    site.copyOf(source, 'memory-target.sqlite3');
    const connector = dump === text ? 'SqliteConnector' : 'SqliteBackupConnector';
    const database = workspace.database({ file: target, connector });
    await measure(what, { kind: 'restore', database, dump, dumps: dumps('safety'), ...common });
    rmSync(workspace.path('safety'), { recursive: true, force: true });
  }
  rmSync(target, { force: true });
  return rows;
}
