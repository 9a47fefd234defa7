import { basename } from 'node:path';
import { manifestMaxBytes, manifestSchema, type DumpManifest } from '../core/dumpManifest.ts';
import { manifestName } from '../core/dumpName.ts';
import { BackupError } from '../core/errors.ts';
import { uncompiled } from '../core/parsing.ts';
import { isSigned } from './origin.ts';
import { openRegular } from './regularFile.ts';

/**
 * What lies beside a dump as its manifest.
 *
 * Shape: `broken` when there is something that is no manifest of this dump; `problem` says why, in words of ours.
 */
export type ManifestReading =
  | { readonly kind: 'read'; readonly manifest: DumpManifest; readonly origin: 'here' | 'foreign' }
  | { readonly kind: 'broken'; readonly problem: string }
  | { readonly kind: 'missing' };

/** Reads the manifest beside a dump, as hostile: its size, its types and its file name are checked. Never throws. */
export async function readManifest(dumpFile: string, key: Uint8Array | undefined): Promise<ManifestReading> {
  const text = await readText(manifestName(dumpFile)).catch((error: unknown) => {
    const isMissing = error instanceof BackupError && error.code === 'dumps.missing';
    return isMissing ? undefined : { problem: error instanceof BackupError ? error.message : 'Its manifest cannot be read.' };
  });
  if (text === undefined) return { kind: 'missing' };
  if (typeof text !== 'string') return { kind: 'broken', problem: text.problem };
  try {
    return checked(JSON.parse(text), basename(dumpFile), key);
  } catch {
    return { kind: 'broken', problem: 'Its manifest is not readable JSON.' };
  }
}

/** True for a file that is some dump's manifest, this one's or another's: such a file is no dump itself. Never throws. */
export async function isManifestFile(file: string): Promise<boolean> {
  try {
    return manifestSchema.safeParse(JSON.parse(await readText(file)), uncompiled).success;
  } catch {
    return false;
  }
}

function checked(json: unknown, name: string, key: Uint8Array | undefined): ManifestReading {
  const parsed = manifestSchema.safeParse(json, uncompiled);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.map(String).join('.') ?? '';
    return { kind: 'broken', problem: `Its manifest is not valid${where === '' ? '' : ` (${where.slice(0, 80)})`}.` };
  }
  const manifest = parsed.data;
  if (manifest.file !== name) return { kind: 'broken', problem: 'Its manifest belongs to another file.' };
  const isOurs = key !== undefined && manifest.origin !== undefined && isObject(json) && isSigned(key, json, manifest.origin);
  return { kind: 'read', manifest, origin: isOurs ? 'here' : 'foreign' };
}

async function readText(file: string): Promise<string> {
  const { handle, stats } = await openRegular(file);
  try {
    if (stats.size > manifestMaxBytes) throw tooLong();
    const buffer = Buffer.alloc(stats.size);
    const { bytesRead } = await handle.read(buffer, 0, stats.size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function tooLong(): BackupError {
  return new BackupError('dumps.damaged', 'Its manifest is too long to be one.', { hint: 'Make a new dump.' });
}

function isObject(json: unknown): json is object {
  return typeof json === 'object' && json !== null;
}
