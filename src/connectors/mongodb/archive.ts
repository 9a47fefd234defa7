import { BSON, Long } from 'bson';
import * as z from 'zod';
import { ChunkReader } from './chunkReader.ts';
import { Crc64 } from './crc64.ts';
import { checkDocument, longestDocument, shortestDocument, type Documents } from './document.ts';
import { parseMetadata, type CollectionMetadata } from './metadata.ts';
import { damagedDump, emptyDump, truncatedDump } from '../dumpProblems.ts';

/** The first bytes of an archive of mongodump. */
export const archiveMagic = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);

/** Ends a list of documents where the length of a further one would stand. */
export const terminator = -1;

/** A collection or a view in an archive; `documents` is known once all of it was read. */
export interface ArchivedCollection {
  readonly database: string;
  readonly name: string;
  readonly metadata: CollectionMetadata;
  readonly documents: number;
}

/** What an archive holds. */
export interface Archive {
  readonly serverVersion: string;
  readonly collections: readonly ArchivedCollection[];
}

/** What is done while an archive is read. Documents come some at a time, in the order of their collection, and are valid until the visitor is done with them. */
export interface ArchiveVisitor {
  /** The list of all collections has been read. */
  onCollections?(collections: readonly ArchivedCollection[]): Promise<void>;
  onDocuments?(collection: ArchivedCollection, documents: Documents): Promise<void>;
  onBytes?(position: number): void;
  /** `length`: documents are only stepped over; `sums`: and their checksums compared; `deep`: and every value in them looked at. */
  readonly depth: 'length' | 'sums' | 'deep';
}

/**
 * Reads an archive to its last byte: its list, every block, and the checksum of every collection.
 *
 * Errors: `dumps.empty`, `dumps.truncated`, `dumps.damaged`; what the visitor throws.
 * Source: common/archive/spec.md of mongodb/mongo-tools, version 0.1 of the format.
 */
export async function readArchive(bytes: AsyncIterable<Uint8Array>, visitor: ArchiveVisitor): Promise<Archive> {
  const reader = new ChunkReader(bytes);
  try {
    if (await reader.isAtEnd()) throw emptyDump();
    const { serverVersion, collections } = await readPrelude(reader);
    await visitor.onCollections?.(collections);
    const open = new Map(collections.map((collection) => [keyOf(collection.database, collection.name), collection]));
    while (!(await reader.isAtEnd())) {
      const header = parse(headerSchema, await readDocument(reader), 'a block has no header');
      const found = open.get(keyOf(header.db, header.collection)) ?? open.get(keyOf(header.db, bucketOwner(header.collection)));
      if (found === undefined) throw damagedDump('a block belongs to no collection of its list');
      if (!header.EOF && !header.CRC.isZero()) throw damagedDump(`a block of ${found.name} has a checksum before its end`);
      await readBlock(reader, found, visitor);
      if (!header.EOF) continue;
      const { low, high } = header.CRC;
      if (visitor.depth !== 'length' && (low !== found.sum.low || high !== found.sum.high))
        throw damagedDump(`the checksum of ${found.name} is wrong`);
      open.delete(keyOf(found.database, found.name));
    }
    if (open.size > 0) throw truncatedDump();
    return { serverVersion, collections };
  } finally {
    await reader.close();
  }
}

interface OpenCollection extends ArchivedCollection {
  documents: number;
  readonly sum: Crc64;
}

const preludeSchema = z.object({ version: z.string(), server_version: z.string() });
const collectionSchema = z.object({ db: z.string(), collection: z.string(), metadata: z.string(), type: z.string().optional() });
const headerSchema = z.object({ db: z.string(), collection: z.string(), EOF: z.boolean(), CRC: z.instanceof(Long) });

const mostCollections = 1_000_000;
/** A server takes 100,000 at once. */
const mostDocuments = 10_000;

async function readPrelude(reader: ChunkReader): Promise<{ serverVersion: string; collections: readonly OpenCollection[] }> {
  if (!archiveMagic.equals(await reader.take(archiveMagic.length))) throw damagedDump('its beginning is not that of an archive');
  const head = parse(preludeSchema, await readDocument(reader), 'its beginning is not that of an archive');
  if (!head.version.startsWith('0.')) throw damagedDump(`version ${head.version} of its format is not known here`);
  const collections: OpenCollection[] = [];
  for (;;) {
    const document = await readDocumentOrEnd(reader);
    if (document === undefined) return { serverVersion: head.server_version, collections };
    const { db: database, collection: name, metadata, type } = parse(collectionSchema, document, 'its list cannot be read');
    if (collections.length >= mostCollections) throw damagedDump('its list is too long');
    collections.push({ database, name, metadata: parseMetadata(metadata, type), documents: 0, sum: new Crc64() });
  }
}

/** Reads the documents of a block to its end. As many as are there are handled together. */
async function readBlock(reader: ChunkReader, collection: OpenCollection, visitor: ArchiveVisitor): Promise<void> {
  for (;;) {
    await reader.need(4);
    const { ready } = reader;
    let [end, count, next] = [0, 0, ready.readInt32LE(0)];
    while (next !== terminator && count < mostDocuments) {
      if (next < shortestDocument || next > longestDocument)
        throw damagedDump(`a document of ${collection.name} has no sensible length`);
      if (end + next > ready.length) break;
      if (visitor.depth === 'deep') checkDocument(ready.subarray(end, end + next), collection.name);
      end += next;
      count += 1;
      if (end + 4 > ready.length) break;
      next = ready.readInt32LE(end);
    }
    if (count > 0) {
      const bytes = ready.subarray(0, end);
      if (visitor.depth !== 'length') collection.sum.add(bytes);
      collection.documents += count;
      await visitor.onDocuments?.(collection, { bytes, count });
      await reader.take(end);
      visitor.onBytes?.(reader.position);
    } else if (next === terminator) {
      await reader.take(4);
      return;
    } else {
      await reader.need(next);
    }
  }
}

async function readDocument(reader: ChunkReader): Promise<Buffer> {
  const document = await readDocumentOrEnd(reader);
  if (document === undefined) throw damagedDump('a header is missing');
  return document;
}

async function readDocumentOrEnd(reader: ChunkReader): Promise<Buffer | undefined> {
  await reader.need(4);
  const length = reader.ready.readInt32LE(0);
  if (length === terminator) {
    await reader.take(4);
    return undefined;
  }
  if (length < shortestDocument || length > longestDocument) throw damagedDump('a header has no sensible length');
  return reader.take(length);
}

function parse<Shape>(schema: z.ZodType<Shape>, document: Buffer, problem: string): Shape {
  try {
    return schema.parse(BSON.deserialize(document, { promoteLongs: false }));
  } catch {
    throw damagedDump(problem);
  }
}

function keyOf(database: string, name: string): string {
  return JSON.stringify([database, name]);
}

/** Measurements of a time series are dumped as the buckets in which the server keeps them. */
function bucketOwner(name: string): string {
  return name.startsWith('system.buckets.') ? name.slice('system.buckets.'.length) : name;
}
