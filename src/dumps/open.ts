import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, open, rm, statfs, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { diskFull, toDiskError } from '../core/diskError.ts';
import type { DumpManifest } from '../core/dumpManifest.ts';
import type { Run } from '../core/run.ts';
import { compressionOf, decode, type Compression } from './compression.ts';
import { eachChunk, hashFile, type Pass } from './hash.ts';
import { readManifest, type ManifestReading } from './manifestFile.ts';
import { readOriginKey } from './origin.ts';
import { damagedDump, emptyDump, tooLargeDump, truncatedDump } from './problems.ts';
import { openRegular, writeAll } from './regularFile.ts';

/**
 * What a dump that was not made here may unpack to: `ratio` times its own size, or `floorBytes` where that is more.
 *
 * Source: zstd reaches 20,000 and gzip 1,000 on zeros; SQL text and databases stay below 50.
 */
export interface UnpackingLimits {
  readonly ratio: number;
  readonly floorBytes: number;
}

/**
 * How to open a dump.
 *
 * Shape: `scratch` is a private folder of this job. `access: 'inPlace'` leaves an uncompressed dump where it is: for looking, not for restoring.
 */
export interface OpenOptions {
  readonly stateDirectory: string;
  readonly scratch: string;
  readonly run: Pick<Run, 'signal' | 'progress'>;
  readonly access?: 'privateCopy' | 'inPlace';
  readonly limits?: UnpackingLimits;
}

/**
 * A dump whose bytes were read once, checked, and kept where nobody else can change them.
 *
 * Shape: `head` at most 4 KiB of the plain bytes; `sha256` hex, of the bytes as stored; `manifest` absent when there is none or a broken one
 * (`problem`). `createdUtc` ISO 8601: the manifest's, else the file's own. `close` removes the private copy.
 */
export interface OpenedDump {
  readonly file: string;
  readonly name: string;
  readonly plain: PlainFile;
  readonly head: Uint8Array;
  readonly sha256: string;
  readonly compression: Compression;
  readonly manifest: DumpManifest | undefined;
  readonly origin: 'here' | 'foreign';
  readonly createdUtc: string;
  readonly problem: string | undefined;
  close(): Promise<void>;
}

/** The plain bytes of a dump, in a private file. `path` absolute. */
export interface PlainFile {
  readonly path: string;
  readonly sizeBytes: number;
}

const defaultLimits: UnpackingLimits = { ratio: 200, floorBytes: 268_435_456 };
const reserveBytes = 16_777_216;

/**
 * Opens a dump once, copies or unpacks it into the private scratch folder, and compares size and sha256 with the manifest beside it.
 *
 * Errors: BackupError `dumps.missing`, `dumps.unreadable`, `dumps.empty`, `dumps.truncated`, `dumps.damaged`, `dumps.tooLarge`, `disk.*`.
 */
export async function openDump(file: string, options: OpenOptions): Promise<OpenedDump> {
  const { handle, stats } = await openRegular(file);
  const copy = join(options.scratch, `dump-${randomBytes(8).toString('hex')}`);
  try {
    const { size, mtime } = stats;
    const name = basename(file);
    const reading = await readManifest(file, await readOriginKey(options.stateDirectory));
    checkSize(name, size, reading);
    const source: Source = { file, name, handle, sizeBytes: size, reading, compression: await storedAs(handle, reading) };
    const { sha256, plain } = await read(source, copy, options);
    options.run.signal.throwIfAborted();
    checkContent(name, reading, sha256, plain.sizeBytes);
    return {
      file,
      name,
      plain,
      head: await headOf(plain.path),
      sha256,
      compression: source.compression,
      manifest: reading.kind === 'read' ? reading.manifest : undefined,
      origin: reading.kind === 'read' ? reading.origin : 'foreign',
      createdUtc: reading.kind === 'read' ? reading.manifest.createdUtc : mtime.toISOString(),
      problem: reading.kind === 'broken' ? reading.problem : undefined,
      close: () => rm(copy, { force: true }).catch(() => undefined),
    };
  } catch (error) {
    await rm(copy, { force: true }).catch(() => undefined);
    options.run.signal.throwIfAborted();
    throw toDiskError(error, options.scratch);
  } finally {
    await handle.close();
  }
}

interface Source {
  readonly file: string;
  readonly name: string;
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly reading: ManifestReading;
  readonly compression: Compression;
}

interface Copied {
  readonly sha256: string;
  readonly plain: PlainFile;
}

function checkSize(name: string, sizeBytes: number, reading: ManifestReading): void {
  if (sizeBytes === 0) throw emptyDump(name);
  if (reading.kind !== 'read' || reading.manifest.sizeBytes === sizeBytes) return;
  throw sizeBytes < reading.manifest.sizeBytes
    ? truncatedDump(name)
    : damagedDump(name, 'it is longer than it was when it was made');
}

function checkContent(name: string, reading: ManifestReading, sha256: string, plainBytes: number): void {
  if (reading.kind !== 'read') return;
  if (reading.manifest.sha256 !== sha256 || reading.manifest.plainBytes !== plainBytes) {
    throw damagedDump(name, 'its bytes are not those that were written');
  }
}

/** The name's ending is never believed, and a manifest only when it was made here: a connector's own format may look compressed. */
async function storedAs(handle: FileHandle, reading: ManifestReading): Promise<Compression> {
  if (reading.kind === 'read' && reading.origin === 'here') return reading.manifest.compression;
  const head = Buffer.alloc(4);
  await handle.read(head, 0, head.length, 0);
  return compressionOf(head);
}

async function read(source: Source, copy: string, options: OpenOptions): Promise<Copied> {
  const { run, scratch } = options;
  const onBytes = (doneBytes: number): void => run.progress({ phase: 'preparing', doneBytes, totalBytes: source.sizeBytes });
  const pass = { signal: run.signal, onBytes };
  if (source.compression !== 'none') return unpack({ ...source, compression: source.compression }, copy, pass, options);
  if (options.access === 'inPlace') return readInPlace(source, pass);

  if (source.sizeBytes > (await freeBytes(scratch))) throw diskFull(scratch);
  return (await cloneFile(source, copy, pass)) ?? copyFileBytes(source, copy, pass);
}

async function readInPlace({ file, handle }: Source, pass: Pass): Promise<Copied> {
  const hash = createHash('sha256');
  const sizeBytes = await eachChunk(handle, pass, (chunk) => void hash.update(chunk));
  return { sha256: hash.digest('hex'), plain: { path: file, sizeBytes } };
}

/** Where the file system can share blocks, the copy costs nothing. The copy itself is hashed: whatever became of the file, its bytes count. */
async function cloneFile({ file }: Source, copy: string, pass: Pass): Promise<Copied | undefined> {
  try {
    await copyFile(file, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch {
    await rm(copy, { force: true });
    return undefined;
  }
  await chmod(copy, 0o600);
  const { sha256, sizeBytes } = await hashFile(copy, pass);
  return { sha256, plain: { path: copy, sizeBytes } };
}

async function copyFileBytes({ name, handle, sizeBytes }: Source, copy: string, pass: Pass): Promise<Copied> {
  const hash = createHash('sha256');
  const target = await open(copy, 'wx', 0o600);
  try {
    const copiedBytes = await eachChunk(handle, pass, async (chunk) => {
      const writing = writeAll(target, chunk);
      hash.update(chunk);
      await writing;
    });
    if (copiedBytes !== sizeBytes) throw damagedDump(name, 'it changed while it was read');
  } finally {
    await target.close();
  }
  return { sha256: hash.digest('hex'), plain: { path: copy, sizeBytes } };
}

async function unpack(
  source: Source & { readonly compression: 'gzip' | 'zstd' },
  copy: string,
  pass: Pass,
  options: OpenOptions,
): Promise<Copied> {
  const { reading } = source;
  const known = reading.kind === 'read' && reading.origin === 'here' ? reading.manifest : undefined;
  const { ratio, floorBytes } = options.limits ?? defaultLimits;
  const maxBytes = known?.plainBytes ?? Math.max(floorBytes, source.sizeBytes * ratio);
  const free = await freeBytes(options.scratch);
  if (known !== undefined && maxBytes > free) throw diskFull(options.scratch);

  const stored = createHash('sha256');
  const target = await open(copy, 'wx', 0o600);
  let sizeBytes = 0;
  try {
    await decode(source, pass, {
      onStored: (chunk) => {
        if (known !== undefined) stored.update(chunk);
      },
      take: async (chunk) => {
        sizeBytes += chunk.length;
        if (sizeBytes > maxBytes) throw tooLargeDump(source.name, maxBytes);
        if (sizeBytes > free) throw diskFull(options.scratch);
        await writeAll(target, chunk);
      },
    });
  } finally {
    await target.close();
  }
  const sha256 = known === undefined ? await rehash(source, pass) : stored.digest('hex');
  return { sha256, plain: { path: copy, sizeBytes } };
}

/** Not every byte of a foreign file passes through its decoder (skippable frames, padding): its hash needs a pass of its own. */
async function rehash({ handle }: Source, pass: Pass): Promise<string> {
  const hash = createHash('sha256');
  await eachChunk(handle, pass, (chunk) => void hash.update(chunk));
  return hash.digest('hex');
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return Math.max(0, bavail * bsize - reserveBytes);
}

async function headOf(path: string): Promise<Uint8Array> {
  const { handle } = await openRegular(path);
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
