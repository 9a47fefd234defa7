import type { Contents } from '../../core/contents.ts';
import type { DumpedEntry } from './archive.ts';
import { contentsOf } from './catalog.ts';

/** What a dump's list says of it, whichever its format. Tables and other relations as `schema` and `name` in one JSON text (`nameKey`). */
export interface Dumped {
  readonly contents: Contents;
  readonly tables: ReadonlySet<string>;
  readonly relations: ReadonlySet<string>;
  readonly withRows: ReadonlySet<string>;
  /** `schema`, `table constraint`. */
  readonly foreignKeys: ReadonlySet<string>;
  readonly extensions: ReadonlySet<string>;
  readonly schemas: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** Those of `roles` that own something. */
  readonly owners: ReadonlySet<string>;
  readonly hasPartitions: boolean;
  /** Locks that a transaction which makes all of it holds in the end. */
  readonly locks: number;
}

export function nameKey(schema: string, name: string): string {
  return JSON.stringify([schema, name]);
}

const relationKinds: ReadonlySet<string> = new Set(['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE']);
/** A table has itself, its TOAST table and that one's index to lock. */
const lockWeights: Readonly<Record<string, number>> = {
  TABLE: 3,
  'MATERIALIZED VIEW': 3,
  VIEW: 1,
  SEQUENCE: 1,
  INDEX: 1,
  CONSTRAINT: 1,
  'FOREIGN TABLE': 1,
};

export function dumpedOf(entries: readonly DumpedEntry[]): Dumped {
  const of = (...kinds: readonly string[]): DumpedEntry[] => entries.filter(({ description }) => kinds.includes(description));
  const keys = (found: readonly DumpedEntry[]): Set<string> => new Set(found.map(({ schema, tag }) => nameKey(schema, tag)));
  const tables = of('TABLE', 'FOREIGN TABLE');
  const grantees = of('ACL', 'DEFAULT ACL').flatMap(({ definition }) => granteesOf(definition));
  const owners = entries.filter(isOwned).map(({ owner }) => owner);
  return {
    contents: contentsOf(
      tables.map(({ schema, tag }) => ({ schema, name: tag })),
      of('VIEW').length,
      of('MATERIALIZED VIEW').length,
    ),
    tables: keys(tables),
    relations: keys(entries.filter(({ description }) => relationKinds.has(description))),
    withRows: keys(of('TABLE DATA')),
    foreignKeys: keys(of('FK CONSTRAINT')),
    extensions: new Set(of('EXTENSION').map(({ tag }) => tag)),
    schemas: new Set(entries.map(({ schema, description, tag }) => (description === 'SCHEMA' ? tag : schema))),
    roles: new Set([...owners, ...grantees]),
    owners: new Set(owners),
    hasPartitions: of('TABLE ATTACH').length > 0,
    locks: entries.reduce((sum, { description }) => sum + (lockWeights[description] ?? 0), 0),
  };
}

function granteesOf(definition: string): string[] {
  const found = definition.matchAll(/\b(?:TO|FROM|FOR ROLE) ("(?:[^"]|"")+"|[\p{L}_][\p{L}\w$]*)/gu);
  return [...found]
    .map(([, role = '']) => (role.startsWith('"') ? role.slice(1, -1).replaceAll('""', '"') : role))
    .filter((role) => !/^(PUBLIC|CURRENT_USER|SESSION_USER)$/.test(role));
}

/** Rights on an object are given by its owner, and rows have none; the schema public is left as it is unless its owner was changed. */
function isOwned({ description, owner, tag }: DumpedEntry): boolean {
  if (owner === '' || owner === '-' || /ACL$|DATA$|^COMMENT$|^EXTENSION$/.test(description)) return false;
  return !(description === 'SCHEMA' && tag === 'public');
}
