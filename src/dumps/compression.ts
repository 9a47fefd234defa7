import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import type { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { systemCode } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';
import { release } from '../core/memory.ts';
import { eachChunk, type Pass } from './hash.ts';
import { damagedDump, truncatedDump } from './problems.ts';
import { writeAll } from './regularFile.ts';
import { together } from './together.ts';
import { zstdFrames } from './zstdFrames.ts';

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

/**
 * Compresses one file into another that exists and is empty. Hashes what goes in and what comes out.
 *
 * Units: `sizeBytes` bytes written. Errors: BackupError `node.tooOld` where Node has no zstd.
 */
export async function encodeFile(from: string, to: string, compression: 'gzip' | 'zstd', pass: Pass): Promise<Encoding> {
  const source = await open(from, 'r');
  try {
    return await encodeBytes(to, compression, pass.signal, async (take, signal) => {
      await eachChunk(source, { ...pass, signal }, take);
    });
  } finally {
    await source.close();
  }
}

export interface Encoding {
  readonly sha256: string;
  readonly plainSha256: string;
  readonly sizeBytes: number;
}

/** Hands chunks to `take`, one after the other; each is needed until `take` is done with it. */
export type Pump = (take: (chunk: Uint8Array) => Promise<void>, signal: AbortSignal) => Promise<void>;

/** As `encodeFile`, for bytes that `pump` hands over. Compresses and writes at once; what it holds does not grow with the dump. */
export async function encodeBytes(to: string, compression: 'gzip' | 'zstd', outer: AbortSignal, pump: Pump): Promise<Encoding> {
  const coder = encoder(compression);
  const plain = createHash('sha256');
  const stored = createHash('sha256');
  let sizeBytes = 0;
  const target = await open(to, 'r+');
  try {
    await together(outer, [
      async (signal) => {
        await pump(async (chunk) => {
          const taken = feed(coder, chunk, signal);
          plain.update(chunk);
          await taken;
        }, signal);
        coder.end();
      },
      async (signal) => {
        const stop = (): void => void coder.destroy();
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();
        const packed: AsyncIterable<Buffer> = coder;
        for await (const chunk of packed) {
          stored.update(chunk);
          sizeBytes += chunk.length;
          await writeAll(target, chunk);
          releaseBlock(chunk);
        }
      },
    ]);
    return { sha256: stored.digest('hex'), plainSha256: plain.digest('hex'), sizeBytes };
  } catch (error) {
    outer.throwIfAborted();
    throw error;
  } finally {
    await target.close();
  }
}

/** A compressed file to decode. `frames: 'one'` is only for files whose sha256 is known: anything after a zstd frame goes unseen. */
export interface Encoded {
  readonly handle: FileHandle;
  readonly name: string;
  readonly sizeBytes: number;
  readonly compression: 'gzip' | 'zstd';
  readonly frames: 'one' | 'scan';
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
  const ranges =
    encoded.compression === 'zstd' && encoded.frames === 'scan'
      ? zstdFrames(encoded.handle, encoded.sizeBytes, encoded.name)
      : [{ start: 0, end: encoded.sizeBytes }];
  for await (const { start, end } of ranges) {
    pass.signal.throwIfAborted();
    let doneBytes = start;
    const source = encoded.handle.createReadStream({ start, end: end - 1, autoClose: false, highWaterMark: chunkBytes });
    const counted = tap((chunk) => {
      streams.onStored(chunk);
      doneBytes += chunk.length;
      pass.onBytes(doneBytes);
    });
    await decodePart(source, counted, encoded, pass.signal, streams.take);
  }
}

async function decodePart(
  source: Readable,
  counted: Tap,
  { compression, name }: Encoded,
  signal: AbortSignal,
  take: (chunk: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const decoder = compression === 'gzip' ? zlib.createGunzip(streamOptions) : zstd().createZstdDecompress(streamOptions);
  try {
    const sink = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) await take(chunk);
    };
    await pipeline(source, counted, decoder, sink, { signal });
  } catch (error) {
    throw decodingError(error, name);
  }
}

function decodingError(error: unknown, name: string): unknown {
  const code = systemCode(error) ?? '';
  if (code === 'Z_BUF_ERROR') return truncatedDump(name, error);
  return /^(?:Z_|ZSTD_)/.test(code) ? damagedDump(name, 'it cannot be unpacked', error) : error;
}

/** Gives a chunk to a coder; done when the coder no longer needs it. A coder that was destroyed may never say so: `signal` does. */
function feed(coder: Transform, chunk: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    coder.write(chunk, (error) => {
      signal.removeEventListener('abort', stop);
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Frees a block of a coder's output with its last part: the garbage collector would let tens of MiB of them pile up. */
function releaseBlock(part: Buffer): void {
  if (part.byteOffset + part.byteLength === part.buffer.byteLength) release(part);
}

function encoder(compression: 'gzip' | 'zstd'): Transform {
  if (compression === 'gzip') return zlib.createGzip(streamOptions);
  // Without the checksum flag 289 of 300 flipped bits went unseen, with it none.
  return zstd().createZstdCompress({ ...streamOptions, params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
}

function zstd(): Pick<typeof zlib, 'createZstdCompress' | 'createZstdDecompress'> {
  if (hasZstd) return zlib;
  throw new BackupError('node.tooOld', `Node ${process.versions.node} has no zstd.`, {
    hint: 'Use Node 22.15 or later, or set dbbackup.compression to gzip.',
  });
}

type Tap = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;

function tap(see: (chunk: Buffer) => void): Tap {
  return async function* (chunks) {
    for await (const chunk of chunks) {
      see(chunk);
      yield chunk;
    }
  };
}
