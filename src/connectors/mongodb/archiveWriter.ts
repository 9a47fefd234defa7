import { BSON, Int32, Long, UUID } from 'bson';
import * as z from 'zod';
import { archiveMagic, terminator } from './archive.ts';
import type { DatabaseFacts, LiveCollection } from './catalog.ts';
import { Crc64 } from './crc64.ts';
import { documentText, innerDocument } from './extendedJson.ts';
import type { Session } from './session.ts';

/** What is written, and what is told of it: `onDocuments` the documents of a collection, each time some have been written. */
export interface ArchiveSource {
  readonly session: Session;
  readonly database: string;
  readonly serverVersion: DatabaseFacts['serverVersion'];
  readonly collections: readonly LiveCollection[];
  onDocuments(name: string, count: number): void;
}

/** Writes an archive as mongodump does, one collection after the other. Shape: a chunk is valid until the next one is asked for. Source: common/archive/spec.md of mongodb/mongo-tools. */
export async function* archiveBytes(source: ArchiveSource): AsyncGenerator<Buffer> {
  const { database, serverVersion, collections } = source;
  const head = { concurrent_collections: new Int32(1), version: '0.1', server_version: serverVersion, tool_version: 'dbbackup' };
  yield Buffer.concat([
    archiveMagic,
    BSON.serialize(head),
    ...collections.map((collection) => BSON.serialize(listEntry(database, collection))),
    end,
  ]);
  for (const { name, kind } of collections) {
    const sum = new Crc64();
    if (kind === 'collection') yield* documentBytes(source, name, sum);
    yield Buffer.concat([BSON.serialize(header(database, name, sum)), end]);
  }
}

const end = Buffer.alloc(4);
end.writeInt32LE(terminator);

async function* documentBytes(
  { session, database, onDocuments }: ArchiveSource,
  name: string,
  sum: Crc64,
): AsyncGenerator<Buffer> {
  let isOpen = false;
  for await (const { bytes, count } of session.documents(name)) {
    if (!isOpen) yield Buffer.from(BSON.serialize(header(database, name, undefined)));
    isOpen = true;
    sum.add(bytes);
    onDocuments(name, count);
    yield bytes;
  }
  if (isOpen) yield end;
}

/** The header of a block, or with a checksum the one that ends a collection. */
function header(database: string, collection: string, sum: Crc64 | undefined): object {
  return { db: database, collection, EOF: sum !== undefined, CRC: sum === undefined ? Long.ZERO : new Long(sum.low, sum.high) };
}

const entrySchema = z.object({ info: z.object({ uuid: z.instanceof(UUID).optional() }).optional() });

function listEntry(db: string, { name: collection, kind: type, bytes, indexes }: LiveCollection): object {
  const { info } = entrySchema.parse(BSON.deserialize(bytes));
  const options = innerDocument(bytes, 'options');
  const parts = [
    ...(options === undefined ? [] : [`"options":${documentText(options)}`]),
    `"indexes":[${indexes.map(documentText).join(',')}]`,
    ...(info?.uuid === undefined ? [] : [`"uuid":"${info.uuid.toHexString(false)}"`]),
    `"collectionName":${JSON.stringify(collection)}`,
    `"type":"${type}"`,
  ];
  return { db, collection, metadata: `{${parts.join(',')}}`, size: new Int32(0), type };
}
