import { BSON, Long } from 'bson';
import { release } from '../../core/memory.ts';
import type { Documents } from './document.ts';

/** Documents of a cursor. Shape: `id` is zero when there are no more. */
export interface Batch extends Documents {
  readonly id: Long;
}

/** Memory for the documents of one batch after the other, which grows with the longest. */
export class BatchMemory {
  #bytes = Buffer.alloc(0);

  atLeast(length: number): Buffer {
    if (this.#bytes.length < length) {
      release(this.#bytes);
      this.#bytes = Buffer.allocUnsafeSlow(length);
    }
    return this.#bytes;
  }
}

/**
 * Copies the documents out of the `cursor` of a reply, so that nothing holds on to that: replies that are in use for longer pile up, since the
 * garbage collector takes them for old ones.
 *
 * Source: getMore, find: `{ id, ns, firstBatch | nextBatch }`; bsonspec.org: an array is a document whose names are numbers.
 */
export function batchOf(cursor: Uint8Array, memory: BatchMemory): Batch {
  const bytes = Buffer.from(cursor.buffer, cursor.byteOffset, cursor.byteLength);
  let id = Long.ZERO;
  let batch: Documents = { bytes: Buffer.alloc(0), count: 0 };
  for (const [, nameAt, nameLength, at, length] of BSON.onDemand.parseToElements(bytes)) {
    const name = bytes.toString('latin1', nameAt, nameAt + nameLength);
    if (name === 'id') id = new Long(bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
    if (name === 'firstBatch' || name === 'nextBatch') batch = joined(bytes.subarray(at, at + length), memory.atLeast(length));
  }
  return { id, ...batch };
}

/** Copies the documents of an array one behind the other, without the types and names in between. */
function joined(array: Buffer, into: Buffer): Documents {
  let end = 0;
  let count = 0;
  for (let at = 4; array[at] !== 0; count += 1) {
    const start = array.indexOf(0, at + 1) + 1;
    at = start + array.readInt32LE(start);
    end += array.copy(into, end, start, at);
  }
  return { bytes: into.subarray(0, end), count };
}
