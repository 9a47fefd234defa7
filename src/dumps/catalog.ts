import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { targetKey, type Target } from '../core/database.ts';
import { systemCode } from '../core/diskError.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { manifestName } from '../core/dumpName.ts';
import { namePattern } from '../core/dumpName.ts';
import { BackupError } from '../core/errors.ts';
import type { DumpSettings } from '../core/job.ts';
import type { VerifyResult } from '../core/verifyResult.ts';
import { realDirectory } from './directory.ts';
import { isManifestFile, readManifest, type ManifestReading } from './manifestFile.ts';
import { readOriginKey } from './origin.ts';
import { realPlaces, realTarget, targetOfManifest } from './targets.ts';
import { readResults, type ResultLookup } from './verifyResults.ts';

export { originKey } from './origin.ts';
export { manifestTarget, realTarget } from './targets.ts';

/** The settings that say where dumps are and what their names look like. */
export type DumpPlace = Pick<DumpSettings, 'directory' | 'folder' | 'filenameTemplate' | 'dateFormat'>;

/** Dumps under the databases that they belong to. Shape: every list newest first; each alias asked for has one. */
export interface AssignedDumps {
  readonly byAlias: ReadonlyMap<string, readonly DumpEntry[]>;
  readonly other: readonly DumpEntry[];
}

/**
 * Lists the dumps of a directory, newest first. Reads names, sizes and small manifests only.
 *
 * Shape: files with a manifest, and files whose name looks like a dump's; never hidden files, links, folders, pipes. Dumps made here are
 * ordered by their number, whatever the clock did; others stand among them by time. A broken manifest is not an error: `problem` says so.
 * Errors: BackupError `dumps.unreadable`, `dumps.outsideWorkspace`. A directory that is not there has no dumps.
 */
export async function listDumps(place: DumpPlace & { readonly stateDirectory: string }): Promise<readonly DumpEntry[]> {
  const real = await realDirectory(place);
  const names = await fileNames(real.directory);
  const isDumpName = dumpNameTest(place);
  const context: ReadingContext = {
    directory: place.directory,
    realDirectory: real.directory,
    key: await readOriginKey(place.stateDirectory),
    resultOf: await readResults(place.stateDirectory),
    names,
  };

  const candidates = [...names].filter(
    (name) => !isManifestIn(names, name) && (isManifestIn(names, manifestName(name)) || isDumpName(name)),
  );
  const entries: DumpEntry[] = [];
  // Few at a time: the extension host reads them, and parsing many in one turn would hold up everything else in it.
  for (let start = 0; start < candidates.length; start += 8) {
    const some = await Promise.all(candidates.slice(start, start + 8).map((name) => readEntry(name, context)));
    entries.push(...some.filter((entry) => entry !== undefined));
  }
  return newestFirst(entries);
}

/**
 * Puts each dump under the database that it belongs to: alias and target are the manifest's; without a manifest, the name fits the template
 * with exactly one of the aliases. All others are `other`: restorable by choice, never the latest.
 */
export async function assignDumps(
  entries: readonly DumpEntry[],
  databases: readonly { readonly alias: string; readonly target: Target }[],
  place: DumpPlace,
): Promise<AssignedDumps> {
  const places = await realPlaces(place);
  const owners = await Promise.all(
    databases.map(async ({ alias, target }) => ({
      alias,
      key: targetKey(await realTarget(target)),
      pattern: namePattern(place.filenameTemplate, place.dateFormat, alias),
    })),
  );
  const ownerOf = (entry: DumpEntry): string | undefined => {
    if (entry.manifest === undefined) {
      const fitting = owners.filter(({ pattern }) => pattern?.test(entry.name));
      return fitting.length === 1 ? fitting[0]?.alias : undefined;
    }
    const target = targetOfManifest(entry.manifest.target, places);
    const key = target === undefined ? undefined : targetKey(target);
    return owners.find((owner) => owner.alias === entry.alias && owner.key === key)?.alias;
  };

  const byAlias = new Map<string, DumpEntry[]>(databases.map(({ alias }) => [alias, []]));
  const other: DumpEntry[] = [];
  for (const entry of entries) {
    const alias = ownerOf(entry);
    (alias === undefined ? other : (byAlias.get(alias) ?? other)).push(entry);
  }
  return { byAlias, other };
}

interface ReadingContext {
  readonly directory: string;
  readonly realDirectory: string;
  readonly key: Uint8Array | undefined;
  readonly resultOf: ResultLookup;
  readonly names: ReadonlySet<string>;
}

async function fileNames(directory: string): Promise<ReadonlySet<string>> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    return new Set(found.filter((item) => item.isFile() && !item.name.startsWith('.')).map((item) => item.name));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Set();
    throw new BackupError('dumps.unreadable', `The dump directory ${directory} cannot be read.`, {
      hint: 'Check its permissions, or choose another folder in dbbackup.dumpDirectory.',
      cause: error,
    });
  }
}

const dumpEndings = /\.(?:dump|sqlite3?|db3?|sql|psql|psql\.bin|bin|json|archive|bson)(?:\.gz|\.zst)?$|\.(?:gz|zst)$/i;

function dumpNameTest({ filenameTemplate, dateFormat }: DumpPlace): (name: string) => boolean {
  const pattern = namePattern(filenameTemplate, dateFormat, undefined);
  return (name) => dumpEndings.test(name) || (pattern?.test(name) ?? false);
}

/** `x.json` beside `x` is the manifest of `x`, unless it is itself a dump with a manifest. */
function isManifestIn(names: ReadonlySet<string>, name: string): boolean {
  return names.has(name) && name.endsWith('.json') && names.has(name.slice(0, -'.json'.length)) && !names.has(manifestName(name));
}

async function readEntry(name: string, context: ReadingContext): Promise<DumpEntry | undefined> {
  const found = await lstat(join(context.realDirectory, name)).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  const hasManifest = isManifestIn(context.names, manifestName(name));
  // The manifest of a dump that is gone, or is no regular file, is no dump.
  if (!hasManifest && name.endsWith('.json') && (await isManifestFile(join(context.realDirectory, name)))) return undefined;
  const reading: ManifestReading = hasManifest
    ? await readManifest(join(context.realDirectory, name), context.key)
    : { kind: 'missing' };

  const stamp = { file: join(context.realDirectory, name), sizeBytes: found.size, mtimeMs: found.mtimeMs };
  const result = await context.resultOf(stamp);
  const common = { file: join(context.directory, name), name, sizeBytes: found.size, ...stateOf(reading, found.size, result) };
  if (reading.kind !== 'read') {
    const createdUtc = found.mtime.toISOString();
    return { ...common, alias: undefined, manifest: undefined, createdUtc, sequence: 0, kind: 'manual', origin: 'foreign' };
  }
  const { manifest, origin } = reading;
  return {
    ...common,
    alias: manifest.alias,
    manifest,
    createdUtc: origin === 'here' ? manifest.createdUtc : earlier(manifest.createdUtc, found.mtime.toISOString()),
    sequence: manifest.sequence,
    kind: manifest.kind,
    origin,
  };
}

function stateOf(
  reading: ManifestReading,
  sizeBytes: number,
  result: VerifyResult | undefined,
): Pick<DumpEntry, 'state' | 'problem'> {
  const problem = reading.kind === 'broken' ? reading.problem : undefined;
  if (sizeBytes === 0) return { state: 'damaged', problem: 'It is empty.' };
  if (reading.kind === 'read' && reading.manifest.sizeBytes !== sizeBytes) {
    const isShorter = sizeBytes < reading.manifest.sizeBytes;
    return { state: 'damaged', problem: `It is ${isShorter ? 'shorter' : 'longer'} than it was when it was made.` };
  }
  if (result?.state === 'damaged') return { state: 'damaged', problem: result.problem ?? problem };
  if (result !== undefined && isAbout(result, reading)) return { state: 'verified', problem };
  const isProven = reading.kind === 'read' && reading.origin === 'here' && reading.manifest.verification !== 'none';
  return { state: isProven ? 'verified' : 'unverified', problem };
}

function isAbout(result: VerifyResult, reading: ManifestReading): boolean {
  return reading.kind !== 'read' || result.sha256 === undefined || result.sha256 === reading.manifest.sha256;
}

function earlier(a: string, b: string): string {
  return Date.parse(a) < Date.parse(b) ? a : b;
}

/** Dumps made here in the order of their numbers; the others go between them by time, behind one of the same moment. */
function newestFirst(entries: readonly DumpEntry[]): readonly DumpEntry[] {
  const byTime = (a: DumpEntry, b: DumpEntry): number => timeOf(b) - timeOf(a) || (a.name < b.name ? 1 : -1);
  const own = entries.filter(({ origin }) => origin === 'here').toSorted((a, b) => b.sequence - a.sequence || byTime(a, b));
  const others = entries.filter(({ origin }) => origin === 'foreign').toSorted(byTime);
  const merged: DumpEntry[] = [];
  for (const entry of own) {
    while (others[0] !== undefined && timeOf(others[0]) > timeOf(entry)) merged.push(...others.splice(0, 1));
    merged.push(entry);
  }
  return [...merged, ...others];
}

function timeOf({ createdUtc }: DumpEntry): number {
  return Date.parse(createdUtc);
}
