import type { Contents } from '../../core/contents.ts';
import type { Archive } from './archive.ts';

/** A collection as its server or an archive describes it. `documents` is absent where counting would cost a query. */
export interface CountedCollection {
  readonly name: string;
  readonly kind: 'collection' | 'view' | 'timeseries';
  readonly documents: number | undefined;
  /** Without the one on `_id`, which every collection has. */
  readonly indexes: number;
}

/** Collections are the tables; views and indexes are counted. */
export function countedContents(collections: readonly CountedCollection[]): Contents {
  const tables = collections.filter(({ kind }) => kind !== 'view');
  return {
    tables: tables
      .map(({ name, documents }) => (documents === undefined ? { name } : { name, rows: documents }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    objects: {
      index: tables.reduce((sum, { indexes }) => sum + indexes, 0),
      view: collections.length - tables.length,
    },
  };
}

/** What an archive holds. Names stand behind that of their database where there are several. */
export function contentsOf({ collections }: Archive): Contents {
  const own = collections.filter(({ database, name }) => database !== '' && !isSystem(name));
  const isOne = new Set(own.map(({ database }) => database)).size === 1;
  return countedContents(
    own.map(({ database, name, metadata, documents }) => ({
      name: isOne ? name : `${database}.${name}`,
      kind: metadata.kind,
      documents: metadata.kind === 'timeseries' ? undefined : documents,
      indexes: metadata.indexes.filter((index) => index.get('name') !== '_id_').length,
    })),
  );
}

/** True for what the server keeps for itself, and dumps leave out. Source: mongodump's own list (mongodump/prepare.go). */
export function isSystem(name: string): boolean {
  return (name.startsWith('system.') && name !== 'system.js') || name.startsWith('$admin.');
}
