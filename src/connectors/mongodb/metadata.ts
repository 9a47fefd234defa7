import { EJSON } from 'bson';
import * as z from 'zod';
import { damagedDump } from '../dumpProblems.ts';

/** A value as commands to the server have it: documents are maps, which keep the order of names such as `10`. */
export type OrderedValue = unknown;
export type OrderedDocument = ReadonlyMap<string, OrderedValue>;

/** What an archive says of a collection beside its documents. `text` is that as it stands there. */
export interface CollectionMetadata {
  readonly kind: 'collection' | 'view' | 'timeseries';
  readonly text: string;
  readonly options: OrderedDocument;
  readonly indexes: readonly OrderedDocument[];
}

/** The metadata of a collection. Errors: `dumps.damaged`. Source: canonical Extended JSON v2, as mongodump writes it. */
export function parseMetadata(text: string, type: string | undefined): CollectionMetadata {
  if (text === '') return { kind: 'collection', text, options: new Map(), indexes: [] };
  try {
    const metadata = documentSchema.parse(orderedJson(text));
    const options = documentSchema.parse(metadata.get('options') ?? new Map());
    const indexes = z.array(documentSchema).parse(metadata.get('indexes') ?? []);
    const kind = kindOf(type ?? metadata.get('type'), options);
    return { kind, text, options, indexes };
  } catch {
    throw damagedDump('what it says of a collection cannot be read');
  }
}

/** Without its type, as older tools wrote it, a view is known by its options. */
function kindOf(type: unknown, options: OrderedDocument): CollectionMetadata['kind'] {
  if (type === 'view' || type === 'timeseries') return type;
  return options.has('viewOn') ? 'view' : options.has('timeseries') ? 'timeseries' : 'collection';
}

const documentSchema = z.map(z.string(), z.unknown());

/** Parses Extended JSON into maps. A mark before each name keeps JavaScript from sorting those that look like numbers. */
function orderedJson(text: string): unknown {
  const marked = text.replaceAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/gs, (all: string, name: string, colon: string | undefined) =>
    colon === undefined ? all : `"=${name}"${colon}`,
  );
  return ordered(JSON.parse(marked));
}

function ordered(value: unknown): OrderedValue {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => [name.slice(1), part]);
  const [first] = entries[0] ?? [''];
  if (scalarMarks.has(first)) return EJSON.parse(JSON.stringify(unmarked(value)), { relaxed: false });
  return new Map(entries.map(([name, part]) => [name, ordered(part)]));
}

function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]): [string, unknown] => [name.slice(1), unmarked(part)]));
}

/** Objects that begin with one of these are a value of a type that JSON lacks. */
const scalarMarks: ReadonlySet<string> = new Set([
  '$numberInt',
  '$numberLong',
  '$numberDouble',
  '$numberDecimal',
  '$oid',
  '$date',
  '$binary',
  '$uuid',
  '$timestamp',
  '$regularExpression',
  '$code',
  '$symbol',
  '$minKey',
  '$maxKey',
  '$undefined',
  '$dbPointer',
]);
