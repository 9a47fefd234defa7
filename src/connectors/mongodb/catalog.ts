import { BSON } from 'bson';
import * as z from 'zod';
import type { Contents } from '../../core/contents.ts';
import { countedContents, isSystem, type CountedCollection } from './contents.ts';
import type { Session } from './session.ts';

/** A collection, view or time series of a live database. `bytes` are what `listCollections` says of it, and its indexes as the server lists them. */
export interface LiveCollection {
  readonly name: string;
  readonly kind: CountedCollection['kind'];
  readonly bytes: Uint8Array;
  readonly indexes: readonly Uint8Array[];
  readonly documents: number | undefined;
}

/** What is known of a live database. Units: bytes. */
export interface DatabaseFacts {
  readonly serverVersion: string;
  readonly collections: readonly LiveCollection[];
  readonly contents: Contents;
  readonly sizeBytes: number | undefined;
}

const entrySchema = z.object({ name: z.string(), type: z.string().optional() });
const versionSchema = z.object({ version: z.string() });
const countSchema = z.object({ n: z.number() });
const statsSchema = z.object({ dataSize: z.number() });
const indexSchema = z.object({ name: z.string() });

/** Looks at a database: its collections in name order, with counts and indexes. None: it does not exist. */
export async function readFacts(session: Session): Promise<DatabaseFacts> {
  const { version: serverVersion } = versionSchema.parse(await session.command({ buildInfo: 1 }, 'admin'));
  const collections: LiveCollection[] = [];
  for await (const bytes of session.list({ listCollections: 1 })) {
    const { name, type = 'collection' } = entrySchema.parse(BSON.deserialize(bytes));
    if (isSystem(name)) continue;
    const kind = type === 'view' || type === 'timeseries' ? type : 'collection';
    collections.push({ name, kind, bytes, ...(await countsOf(session, name, kind)) });
  }
  collections.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { serverVersion, collections, contents: liveContents(collections), sizeBytes: await sizeOf(session) };
}

/** The contents of a database, or of a part of its collections. */
export function liveContents(collections: readonly LiveCollection[]): Contents {
  return countedContents(
    collections.map((collection) => ({
      ...collection,
      indexes: collection.indexes.filter((bytes) => indexSchema.parse(BSON.deserialize(bytes)).name !== '_id_').length,
    })),
  );
}

async function countsOf(
  session: Session,
  name: string,
  kind: CountedCollection['kind'],
): Promise<Pick<LiveCollection, 'indexes' | 'documents'>> {
  if (kind === 'view') return { indexes: [], documents: undefined };
  const indexes: Uint8Array[] = [];
  for await (const bytes of session.list({ listIndexes: name })) indexes.push(bytes);
  if (kind === 'timeseries') return { indexes, documents: undefined };
  return { indexes, documents: countSchema.parse(await session.command({ count: name })).n };
}

/** Some roles may read everything but the statistics. */
async function sizeOf(session: Session): Promise<number | undefined> {
  const stats = statsSchema.safeParse(await session.command({ dbStats: 1 }).catch(() => undefined));
  return stats.success ? stats.data.dataSize : undefined;
}
