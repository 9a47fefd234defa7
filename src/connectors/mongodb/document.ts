import { damagedDump } from '../dumpProblems.ts';

/** Units: bytes. A server stores up to 16 MiB, and tools allow 16 KiB more for what they wrap around it. */
export const shortestDocument = 5;
export const longestDocument = 16 * 1024 * 1024 + 16 * 1024;

const deepest = 250;

/** Documents of one collection: their bytes, one document behind the other. */
export interface Documents {
  readonly bytes: Buffer;
  readonly count: number;
}

/**
 * Looks at every value of a BSON document: its type, its length, its ends.
 *
 * Errors: `dumps.damaged`, naming the collection. Source: bsonspec.org, version 1.1.
 */
export function checkDocument(document: Buffer, collection: string): void {
  if (walk(document, 0, document.length, 0) !== document.length)
    throw damagedDump(`a document of ${collection} cannot be decoded`);
}

/** Gives the end of the document that begins at `start`, or -1 where it is none. */
function walk(bytes: Buffer, start: number, limit: number, depth: number): number {
  if (depth > deepest || start + shortestDocument > limit) return -1;
  const end = start + bytes.readInt32LE(start);
  if (end < start + shortestDocument || end > limit || bytes[end - 1] !== 0) return -1;
  let at = start + 4;
  while (at < end - 1) {
    const type = bytes[at] ?? 0;
    const name = bytes.indexOf(0, at + 1);
    if (name < 0 || name >= end - 1) return -1;
    at = valueEnd(bytes, { type, start: name + 1, limit: end - 1, depth });
    if (at < 0 || at > end - 1) return -1;
  }
  return at === end - 1 ? end : -1;
}

interface Value {
  readonly type: number;
  readonly start: number;
  readonly limit: number;
  readonly depth: number;
}

const fixedLengths = new Map<number, number>([
  [0x01, 8],
  [0x06, 0],
  [0x07, 12],
  [0x08, 1],
  [0x09, 8],
  [0x0a, 0],
  [0x10, 4],
  [0x11, 8],
  [0x12, 8],
  [0x13, 16],
  [0x7f, 0],
  [0xff, 0],
]);

function valueEnd(bytes: Buffer, { type, start, limit, depth }: Value): number {
  const fixed = fixedLengths.get(type);
  if (fixed !== undefined) return start + fixed <= limit ? start + fixed : -1;
  switch (type) {
    case 0x02:
    case 0x0d:
    case 0x0e:
      return textEnd(bytes, start, limit);
    case 0x03:
    case 0x04:
      return walk(bytes, start, limit, depth + 1);
    case 0x05: {
      const length = start + 5 <= limit ? bytes.readInt32LE(start) : -1;
      return length < 0 || start + 5 + length > limit ? -1 : start + 5 + length;
    }
    case 0x0b: {
      const pattern = bytes.indexOf(0, start);
      const options = pattern < 0 ? -1 : bytes.indexOf(0, pattern + 1);
      return options < 0 || options >= limit ? -1 : options + 1;
    }
    case 0x0c: {
      const end = textEnd(bytes, start, limit);
      return end < 0 || end + 12 > limit ? -1 : end + 12;
    }
    case 0x0f: {
      const code = textEnd(bytes, start + 4, limit);
      const end = code < 0 ? -1 : walk(bytes, code, limit, depth + 1);
      return end >= 0 && end === start + bytes.readInt32LE(start) ? end : -1;
    }
    default:
      return -1;
  }
}

function textEnd(bytes: Buffer, start: number, limit: number): number {
  const length = start + 4 <= limit ? bytes.readInt32LE(start) : 0;
  const end = start + 4 + length;
  return length < 1 || end > limit || bytes[end - 1] !== 0 ? -1 : end;
}
