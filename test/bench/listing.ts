import { spawnSync } from 'node:child_process';
import { linkSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { manifestSchema } from '../../src/core/dumpManifest.ts';
import { manifestName } from '../../src/core/dumpName.ts';
import { originKey, signature } from '../../src/dumps/origin.ts';
import type { Row } from './measure.ts';
import type { Bench, Site, Workspace } from './site.ts';

const child = fileURLToPath(new URL('./listingChild.ts', import.meta.url));
const dumpCount = 1000;
const figuresSchema = z.object({
  longestStallMs: z.number(),
  longestBusyMs: z.number(),
  durationMs: z.number(),
  ofAlias: z.number(),
});

/** How long listing 1,000 dumps holds up the process that lists: each time in a new process, as in a host that has just started. */
export async function measureListing({ site, runs }: Bench): Promise<readonly Row[]> {
  const database = site.database(10);
  const workspace = site.workspace({ NAME: database });
  await workspace.commandLine('backup');
  await copyDump(workspace, site);
  const figures = Array.from({ length: runs }, () => list(workspace, database, site));
  const [first] = figures;
  const row = (what: string, name: keyof (typeof figures)[number]): Row => ({
    what,
    unit: 'ms',
    values: figures.map((figure) => figure[name]),
  });
  return [
    // Processor time, which other work on the machine does not lengthen.
    { ...row(`longest turn of listing ${first?.ofAlias} dumps, processor time`, 'longestBusyMs'), reach: 10 },
    row('the same by the clock', 'longestStallMs'),
    row('from beginning to end', 'durationMs'),
  ];
}

/** Links the one dump there is under other names, with manifests signed as if each had been made here. */
async function copyDump(workspace: Workspace, { stateDirectory }: Site): Promise<void> {
  const [original = ''] = workspace.dumpFiles();
  const { origin, ...manifest } = manifestSchema.parse(JSON.parse(readFileSync(manifestName(original), 'utf8')));
  if (origin === undefined) throw new Error('The manifest is not signed.');
  const key = await originKey(stateDirectory);
  for (let sequence = 2; sequence <= dumpCount; sequence++) {
    const copy = { ...manifest, sequence, file: `default-${sequence}.sqlite3` };
    linkSync(original, join(workspace.dumps, copy.file));
    writeFileSync(
      manifestName(join(workspace.dumps, copy.file)),
      JSON.stringify({ ...copy, origin: signature(key, copy) }, undefined, 2),
    );
  }
}

function list(workspace: Workspace, database: string, { stateDirectory }: Site): z.infer<typeof figuresSchema> {
  const args = [child, workspace.folder, workspace.dumps, stateDirectory, database];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (stdout === '') throw new Error(`Listing failed: ${stderr}`);
  return figuresSchema.parse(JSON.parse(stdout));
}
