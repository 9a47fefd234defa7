import type { FileHandle } from 'node:fs/promises';
import { damagedDump, truncatedDump } from './problems.ts';

const frameMagic = 0xfd2fb528;
const heldBytes = 262_144;

/** A part of a file. Units: bytes; `end` is the first that does not belong to it. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the frames of a zstd file by their headers, because Node's decoder silently drops what follows the first one in its buffer.
 *
 * Shape: `[start, end)` of each data frame, in order; skippable frames are passed over. Units: bytes.
 * Errors: BackupError `dumps.truncated`, `dumps.damaged` for bytes that belong to no frame.
 * Source: RFC 8878, section 3.1; Node 24.21, measured.
 */
export async function* zstdFrames(handle: FileHandle, sizeBytes: number, name: string): AsyncGenerator<Range> {
  const held = Buffer.allocUnsafe(heldBytes);
  let start = 0;
  let end = 0;
  const read = async (position: number, length: number): Promise<Buffer> => {
    if (position < start || position + length > end) {
      start = position;
      end = position + (await handle.read(held, 0, heldBytes, position)).bytesRead;
    }
    if (position + length > end) throw truncatedDump(name);
    return held.subarray(position - start, position - start + length);
  };

  let position = 0;
  while (position < sizeBytes) {
    const magic = (await read(position, 4)).readUInt32LE();
    if (isSkippable(magic)) {
      position += 8 + (await read(position + 4, 4)).readUInt32LE();
    } else if (magic === frameMagic) {
      const frameEnd = await endOfFrame(position, read, name);
      if (frameEnd > sizeBytes) throw truncatedDump(name);
      yield { start: position, end: frameEnd };
      position = frameEnd;
    } else {
      throw damagedDump(name, 'bytes follow its end');
    }
  }
  if (position > sizeBytes) throw truncatedDump(name);
}

async function endOfFrame(
  start: number,
  read: (position: number, length: number) => Promise<Buffer>,
  name: string,
): Promise<number> {
  const descriptor = (await read(start + 4, 1)).readUInt8();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeFieldBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const checksumBytes = (descriptor & 4) === 0 ? 0 : 4;

  let position = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeFieldBytes;
  for (;;) {
    const header = (await read(position, 3)).readUIntLE(0, 3);
    const type = (header >> 1) & 3;
    if (type === 3) throw damagedDump(name, 'it holds a block of an unknown kind');
    position += 3 + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) return position + checksumBytes;
  }
}

function isSkippable(magic: number): boolean {
  return magic >= 0x184d2a50 && magic <= 0x184d2a5f;
}
