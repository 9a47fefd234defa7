import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { systemCode } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';
import { CompressedBlocks } from './compressedBlocks.ts';
import { eachChunk, type Pass } from './hash.ts';
import { damagedDump, truncatedDump } from './problems.ts';
import { writeAll } from './regularFile.ts';
import { zstdFrames, type Range } from './zstdFrames.ts';

/** How a dump is stored. */
export type Compression = 'none' | 'gzip' | 'zstd';

const chunkBytes = 1_048_576;
const streamOptions = { chunkSize: 262_144 };

/** Whether this Node can read and write zstd (22.15 and later can). */
export const hasZstd = 'createZstdCompress' in zlib;

/** Tells by a file's first bytes how it is compressed, whatever its name says. Source: RFC 1952, RFC 8878. */
export function compressionOf(head: Uint8Array): Compression {
  const starts = (...bytes: readonly number[]): boolean => bytes.every((byte, index) => head[index] === byte);
  if (starts(0x1f, 0x8b, 0x08)) return 'gzip';
  return starts(0x28, 0xb5, 0x2f, 0xfd) ? 'zstd' : 'none';
}

/** How a dump is compressed. `plain` is given what goes in, where somebody wants its hash. */
export interface Coding {
  readonly compression: 'gzip' | 'zstd';
  readonly plain?: Hash | undefined;
  readonly signal: AbortSignal;
}

/** Units: bytes written. */
export interface Encoding {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * Compresses one file into another that exists and is empty.
 *
 * Errors: BackupError `node.tooOld` where Node has no zstd.
 */
export async function encodeFile(from: string, to: string, coding: Coding, onBytes: Pass['onBytes']): Promise<Encoding> {
  const source = await open(from, 'r');
  try {
    return await encodeBytes(to, coding, async (take) => {
      await eachChunk(source, { signal: coding.signal, onBytes }, take);
    });
  } finally {
    await source.close();
  }
}

/** As `encodeFile`, for bytes that `pump` hands to `take`, one chunk after the other; each is needed until `take` is done with it. */
export async function encodeBytes(
  to: string,
  { compression, plain, signal }: Coding,
  pump: (take: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<Encoding> {
  needCoder(compression);
  const stored = createHash('sha256');
  let sizeBytes = 0;
  const target = await open(to, 'r+');
  const blocks = new CompressedBlocks(compression, async (packed) => {
    stored.update(packed);
    sizeBytes += packed.length;
    await writeAll(target, packed);
  });
  try {
    await pump(async (chunk) => {
      signal.throwIfAborted();
      plain?.update(chunk);
      await blocks.take(chunk);
    });
    await blocks.end();
    return { sha256: stored.digest('hex'), sizeBytes };
  } finally {
    blocks.close();
    await target.close();
  }
}

/** A compressed file to decode. */
export interface Encoded {
  readonly handle: FileHandle;
  readonly name: string;
  readonly sizeBytes: number;
  readonly compression: 'gzip' | 'zstd';
}

/**
 * Decodes a compressed file to its last byte. `take` gets the plain bytes and may refuse them by throwing.
 *
 * Errors: BackupError `dumps.truncated`, `dumps.damaged`, `node.tooOld`.
 */
export async function decode(
  encoded: Encoded,
  pass: Pass,
  streams: { readonly onStored: (chunk: Uint8Array) => void; readonly take: (chunk: Uint8Array) => Promise<void> | void },
): Promise<void> {
  const { handle, name, sizeBytes, compression } = encoded;
  needCoder(compression);
  const ranges = compression === 'zstd' ? zstdFrames(handle, sizeBytes, name) : [{ start: 0, end: sizeBytes }];
  const stored = readRanges(handle, ranges, (chunk, doneBytes) => {
    streams.onStored(chunk);
    pass.onBytes(doneBytes);
  });
  const decoder = compression === 'gzip' ? zlib.createGunzip(streamOptions) : zlib.createZstdDecompress(streamOptions);
  try {
    const sink = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) await streams.take(chunk);
    };
    await pipeline(stored, decoder, sink, { signal: pass.signal });
  } catch (error) {
    throw decodingError(error, name);
  }
}

/** No chunk goes over the border of two ranges. */
async function* readRanges(
  handle: FileHandle,
  ranges: AsyncIterable<Range> | Iterable<Range>,
  see: (chunk: Buffer, doneBytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const { start, end } of ranges) {
    for (let position = start; position < end;) {
      // The decoder may still have the chunk before.
      const memory = Buffer.allocUnsafe(Math.min(chunkBytes, end - position));
      const { bytesRead } = await handle.read(memory, 0, memory.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const chunk = memory.subarray(0, bytesRead);
      see(chunk, position);
      yield chunk;
    }
  }
}

function decodingError(error: unknown, name: string): unknown {
  const code = systemCode(error) ?? '';
  if (code === 'Z_BUF_ERROR') return truncatedDump(name, error);
  return /^(?:Z_|ZSTD_)/.test(code) ? damagedDump(name, 'it cannot be unpacked', error) : error;
}

/** Errors: BackupError `node.tooOld`. */
function needCoder(compression: 'gzip' | 'zstd'): void {
  if (compression === 'gzip' || hasZstd) return;
  throw new BackupError('node.tooOld', `Node ${process.versions.node} has no zstd.`, {
    hint: 'Use Node 22.15 or later, or set dbbackup.compression to gzip.',
  });
}
