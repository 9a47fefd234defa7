import { BSON, Long } from 'bson';

/** Documents of a cursor. Shape: `documents` are their bytes, one behind the other; `id` is zero when there are no more. */
export interface Batch {
  readonly id: Long;
  readonly documents: Buffer;
  readonly count: number;
}

/**
 * Takes the documents out of the `cursor` of a reply, whose memory becomes theirs.
 *
 * Source: getMore, find: `{ id, ns, firstBatch | nextBatch }`; bsonspec.org: an array is a document whose names are numbers.
 */
export function batchOf(cursor: Uint8Array): Batch {
  const bytes = Buffer.from(cursor.buffer, cursor.byteOffset, cursor.byteLength);
  let id = Long.ZERO;
  let batch: Pick<Batch, 'documents' | 'count'> = { documents: Buffer.alloc(0), count: 0 };
  for (const [, nameAt, nameLength, at, length] of BSON.onDemand.parseToElements(bytes)) {
    const name = bytes.toString('latin1', nameAt, nameAt + nameLength);
    if (name === 'id') id = new Long(bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
    if (name === 'firstBatch' || name === 'nextBatch') batch = joined(bytes.subarray(at, at + length));
  }
  return { id, ...batch };
}

/** Moves the documents of an array together, over the types and names in between: the reply's memory is used again, since a new one would pile up. */
function joined(array: Buffer): Pick<Batch, 'documents' | 'count'> {
  let end = 0;
  let count = 0;
  for (let at = 4; array[at] !== 0; count += 1) {
    const start = array.indexOf(0, at + 1) + 1;
    at = start + array.readInt32LE(start);
    array.copyWithin(end, start, at);
    end += at - start;
  }
  return { documents: array.subarray(0, end), count };
}
