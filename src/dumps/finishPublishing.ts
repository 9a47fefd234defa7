import { lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DumpFacts } from '../core/connector.ts';
import { manifestMaxBytes, manifestSchema, type DumpManifest } from '../core/dumpManifest.ts';
import { manifestName } from '../core/dumpName.ts';
import { uncompiled } from '../core/parsing.ts';
import { syncDirectory } from './directory.ts';
import { readManifest } from './manifestFile.ts';
import { originKey, signature } from './origin.ts';
import { placePartial } from './partials.ts';
import type { PublishedDump, PublishRequest, StoredDump } from './publishRequest.ts';
import { manifestTarget, type Places } from './targets.ts';

/** A dump that is proven and on the disk, and has no name yet. `manifest` is the path of the manifest's empty partial file. */
export interface UnnamedDump {
  readonly places: Places;
  readonly dump: StoredDump;
  readonly manifest: string;
  readonly facts: DumpFacts;
  readonly createdUtc: string;
  readonly durationMs: number;
}

const attempts = 10_000;

/**
 * Gives the dump its name and its manifest; the manifest comes last, and makes it a listed dump. Runs under the directory's lock,
 * and overwrites nothing even where somebody does not respect that lock.
 */
export async function finishPublishing(request: PublishRequest, unnamed: UnnamedDump): Promise<PublishedDump> {
  const { directory } = unnamed.places;
  const key = await originKey(request.stateDirectory);
  const sequence = 1 + (await highestSequence(directory, key));
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const name = request.fileName(attempt);
    if ((await exists(join(directory, name))) || (await exists(join(directory, manifestName(name))))) continue;
    const manifest = await writeManifest(request, unnamed, { name, sequence, key });
    request.run.signal.throwIfAborted();
    if (await placeBoth(directory, name, unnamed)) return { file: join(request.directory, name), manifest };
  }
  throw new Error(`No free name for ${request.fileName(1)}.`);
}

async function placeBoth(directory: string, name: string, { dump, manifest }: UnnamedDump): Promise<boolean> {
  const final = join(directory, name);
  if (!(await placePartial(dump.path, final))) return false;
  try {
    await syncDirectory(directory);
    if (await placePartial(manifest, manifestName(final))) {
      await syncDirectory(directory);
      return true;
    }
  } catch (error) {
    await rm(final, { force: true });
    throw error;
  }
  await rm(final, { force: true });
  return false;
}

/** Only dumps made here count: a foreign manifest must not be able to use the numbers up. */
async function highestSequence(directory: string, key: Uint8Array): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  let highest = 0;
  for (let start = 0; start < names.length; start += 32) {
    const readings = await Promise.all(
      names.slice(start, start + 32).map((name) => readManifest(join(directory, name.slice(0, -'.json'.length)), key)),
    );
    for (const reading of readings) {
      if (reading.kind === 'read' && reading.origin === 'here') highest = Math.max(highest, reading.manifest.sequence);
    }
  }
  return highest;
}

async function writeManifest(
  request: PublishRequest,
  { places, dump, manifest: path, facts, createdUtc, durationMs }: UnnamedDump,
  { name, sequence, key }: { readonly name: string; readonly sequence: number; readonly key: Uint8Array },
): Promise<DumpManifest> {
  const { about } = request;
  const signed = sign(key, {
    version: 1,
    alias: about.alias,
    engine: about.engine,
    connector: about.connector,
    format: about.format,
    file: name,
    kind: about.kind,
    compression: request.compression,
    sizeBytes: dump.sizeBytes,
    plainBytes: dump.plainBytes,
    sha256: dump.sha256,
    createdUtc,
    durationMs,
    sequence,
    verification: request.verify === undefined ? 'none' : about.verification,
    target: await manifestTarget(about.target, places),
    serverVersion: facts.serverVersion.slice(0, 256),
    tools: [...facts.tools],
    options: about.options,
    ...boundedTexts(facts),
    ...(about.git === undefined ? {} : { git: about.git }),
  });
  const handle = await open(path, 'r+');
  try {
    await handle.truncate(0);
    await handle.write(signed.text, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return signed.manifest;
}

/** Warnings and table names come from a server or a tool: whatever their number, the manifest stays short enough to be read. */
function boundedTexts({ contents, warnings }: DumpFacts): Pick<DumpManifest, 'contents' | 'warnings'> {
  const few = warnings.slice(0, 100).map((warning) => warning.slice(0, 1000));
  const isShort = Buffer.byteLength(JSON.stringify(contents, null, 2)) < manifestMaxBytes / 2;
  if (isShort) return { contents: { tables: [...contents.tables], objects: contents.objects }, warnings: few };
  const objects = { table: contents.tables.length };
  return { contents: { tables: [], objects }, warnings: [...few, 'The names of the tables are too many for the manifest.'] };
}

function sign(key: Uint8Array, manifest: DumpManifest): { readonly manifest: DumpManifest; readonly text: string } {
  const clean = manifestSchema.parse(manifest, uncompiled);
  const signed = { ...clean, origin: signature(key, clean) };
  return { manifest: signed, text: `${JSON.stringify(signed, null, 2)}\n` };
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
