import { BSON } from 'bson';
import * as z from 'zod';
import type { Contents } from '../../core/contents.ts';
import { countedContents, isSystem, type CountedCollection } from './contents.ts';
import type { Session } from './session.ts';

/** A collection, view or time series of a live database. `bytes` are what `listCollections` says of it. */
export interface ListedCollection {
  readonly name: string;
  readonly kind: CountedCollection['kind'];
  readonly bytes: Uint8Array;
}

/** The same with its indexes, as the server lists them, and the number of its documents where that costs no query. */
export interface LiveCollection extends ListedCollection {
  readonly indexes: readonly Uint8Array[];
  readonly documents: number | undefined;
}

/** What is known of a live database. */
export interface DatabaseFacts {
  readonly serverVersion: string;
  readonly collections: readonly LiveCollection[];
}

const entrySchema = z.object({ name: z.string(), type: z.string().optional() });
const versionSchema = z.object({ version: z.string() });
const countSchema = z.object({ n: z.number() });
const statsSchema = z.object({ dataSize: z.number() });
const indexSchema = z.object({ name: z.string() });

/** The collections of a database in name order, without the server's own. None: the database does not exist. */
export async function listCollections(session: Session): Promise<readonly ListedCollection[]> {
  const collections: ListedCollection[] = [];
  for await (const bytes of session.list({ listCollections: 1 })) {
    const { name, type } = entrySchema.parse(BSON.deserialize(bytes));
    const kind = type === 'view' || type === 'timeseries' ? type : 'collection';
    if (!isSystem(name)) collections.push({ name, kind, bytes });
  }
  return collections.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Looks at a database: its collections with counts and indexes. */
export async function readFacts(session: Session): Promise<DatabaseFacts> {
  const { version: serverVersion } = versionSchema.parse(await session.command({ buildInfo: 1 }, 'admin'));
  const collections: LiveCollection[] = [];
  for (const listed of await listCollections(session)) collections.push({ ...listed, ...(await countsOf(session, listed)) });
  return { serverVersion, collections };
}

/** The size of a database's documents in bytes. Some roles may read everything but the statistics. */
export async function sizeOf(session: Session): Promise<number | undefined> {
  const stats = statsSchema.safeParse(await session.command({ dbStats: 1 }).catch(() => undefined));
  return stats.success ? stats.data.dataSize : undefined;
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
  { name, kind }: ListedCollection,
): Promise<Pick<LiveCollection, 'indexes' | 'documents'>> {
  if (kind === 'view') return { indexes: [], documents: undefined };
  const indexes: Uint8Array[] = [];
  for await (const bytes of session.list({ listIndexes: name })) indexes.push(bytes);
  if (kind === 'timeseries') return { indexes, documents: undefined };
  return { indexes, documents: countSchema.parse(await session.command({ count: name })).n };
}
