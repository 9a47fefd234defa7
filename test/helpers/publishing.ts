import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpFileName } from '../../src/core/dumpName.ts';
import { manifestSchema } from '../../src/core/dumpManifest.ts';
import type { Progress } from '../../src/core/run.ts';
import type { PublishRequest } from '../../src/dumps/publishRequest.ts';
import { withLock } from '../../src/system/lock.ts';
import { thisProcess } from '../../src/system/owner.ts';

/** A workspace on the disk with its dump directory and a state directory of its own. */
export interface Site {
  readonly root: string;
  readonly folder: string;
  readonly directory: string;
  readonly stateDirectory: string;
  readonly scratch: string;
}

export const filenameTemplate = '{databasename}-{servername}-{datetime}.{extension}';
export const dateFormat = '%Y-%m-%d-%H%M%S';

/** Makes the folders of a site; the dump directory is left to `publish`. Remove `root` afterwards. */
export async function makeSite(root?: string): Promise<Site> {
  const at = root ?? (await mkdtemp(join(tmpdir(), 'dumps-')));
  const site = {
    root: at,
    folder: join(at, 'ws'),
    directory: join(at, 'ws', 'backups'),
    stateDirectory: join(at, 'state'),
    scratch: join(at, 'scratch'),
  };
  for (const folder of [site.folder, site.stateDirectory, site.scratch]) await mkdir(folder, { recursive: true });
  await writeFile(join(site.folder, 'db.sqlite3'), '');
  return site;
}

/** A request that publishes the given bytes as a dump of `default`, whose database is `db.sqlite3` in the workspace folder. */
export async function requestFor(
  site: Site,
  bytes: string | Uint8Array,
  change: Partial<PublishRequest> = {},
): Promise<PublishRequest> {
  const date = new Date('2025-03-09T04:05:06Z');
  const alias = change.about?.alias ?? 'default';
  const compression = change.compression ?? 'none';
  const signal = change.run?.signal ?? new AbortController().signal;
  const facts = { contents: { tables: [{ name: 'a', rows: 1 }], objects: {} }, serverVersion: '3.54', tools: [], warnings: [] };
  return {
    directory: site.directory,
    folder: site.folder,
    stateDirectory: site.stateDirectory,
    compression,
    about: {
      alias,
      engine: 'sqlite',
      connector: 'SqliteBackupConnector',
      format: 'sqlite',
      kind: 'manual',
      target: { kind: 'file', engine: 'sqlite', path: join(site.folder, 'db.sqlite3') },
      options: {},
      verification: 'quick',
    },
    run: { signal, progress: () => undefined },
    owner: await thisProcess(),
    now: () => date,
    fileName: (attempt) =>
      dumpFileName(filenameTemplate, { alias, servername: 'here', date, dateFormat, extension: 'sqlite3', compression, attempt }),
    write: async (path) => {
      await writeFile(path, bytes);
      return facts;
    },
    verify: () => Promise.resolve(facts.contents),
    withDirectoryLock: (directory, body) =>
      withLock(
        {
          stateDirectory: site.stateDirectory,
          key: `directory:${directory}`,
          label: 'backups',
          purpose: 'a test',
          waitMs: 30_000,
          signal,
        },
        body,
      ),
    ...change,
  };
}

/** A run that nobody cancels; `reports` collects what it says. */
export function quietRun(): { readonly signal: AbortSignal; readonly reports: Progress[]; progress(progress: Progress): void } {
  const reports: Progress[] = [];
  return { signal: new AbortController().signal, reports, progress: (progress) => void reports.push(progress) };
}

/** Every file of a directory with its bytes, hidden ones included: two are equal when nothing has changed. */
export async function snapshot(directory: string): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(directory)).toSorted();
  const hash = async (name: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(join(directory, name)))
      .digest('hex');
  return new Map(await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await hash(name)])));
}

/** Files of a directory that are partial. */
export async function partialsIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory)).filter((name) => name.includes('.partial'));
}

/** What is wrong with the dumps of a directory that have a manifest: size or sha256 differ. Empty when all are whole. */
export async function wrongDumps(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const wrong: string[] = [];
  for (const name of names.filter((name) => !name.startsWith('.') && names.includes(`${name}.json`))) {
    const bytes = await readFile(join(directory, name));
    const manifest = manifestSchema.parse(JSON.parse(await readFile(join(directory, `${name}.json`), 'utf8')));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (manifest.file !== name || manifest.sizeBytes !== bytes.length || manifest.sha256 !== sha256) wrong.push(name);
  }
  return wrong;
}

export async function removeSite({ root }: Site): Promise<void> {
  await rm(root, { recursive: true, force: true });
}
