import type { ArchiveEntry } from './archive.ts';

/** Why entries are left out or stand in another order. */
export interface ListRules {
  /** Extensions that the restoring role may not replace. */
  readonly keptExtensions: ReadonlySet<string>;
  /** Only these schemas; empty for all. */
  readonly schemas: ReadonlySet<string>;
  readonly drop: boolean;
}

/**
 * The ids for `pg_restore -L`, or undefined where the archive can be restored as it is.
 *
 * How: a partition's key comes before its parent's, deepest first, because `--clean` drops in the opposite order and a key that is inherited
 * cannot be dropped. Extensions are left out here and never by `--extension`, which drops large objects and publications without a word.
 */
export function restoreList(entries: readonly ArchiveEntry[], rules: ListRules): readonly number[] | undefined {
  const kept = entries.filter((entry) => isKept(entry, entries, rules));
  const ordered = rules.drop ? inDropOrder(kept) : kept;
  const isChanged = ordered.length !== entries.length || ordered.some((entry, index) => entry !== entries[index]);
  return isChanged ? ordered.map(({ id }) => id) : undefined;
}

function isKept(entry: ArchiveEntry, entries: readonly ArchiveEntry[], { keptExtensions, schemas }: ListRules): boolean {
  if (keptExtensions.size > 0 && isOfExtension(entry, entries, keptExtensions)) return false;
  if (schemas.size === 0) return true;
  if (entry.description === 'SCHEMA') return schemas.has(entry.tag);
  const ofSchema = /^SCHEMA (.*)$/s.exec(entry.tag)?.[1];
  if (ofSchema !== undefined && entry.schema === '') return schemas.has(ofSchema.replaceAll('"', ''));
  return schemas.has(entry.schema) || ['ENCODING', 'STDSTRINGS', 'SEARCHPATH'].includes(entry.description);
}

/** The extension itself, its comment, and rows of its tables: those that no TABLE entry stands for. */
function isOfExtension(
  { description, tag, schema }: ArchiveEntry,
  entries: readonly ArchiveEntry[],
  names: ReadonlySet<string>,
): boolean {
  if (description === 'EXTENSION') return names.has(tag);
  if (description === 'COMMENT') return [...names].some((name) => tag === `EXTENSION ${name}` || tag === `EXTENSION "${name}"`);
  if (description !== 'TABLE DATA' && description !== 'SEQUENCE SET') return false;
  return !entries.some(
    (other) => /^(TABLE|FOREIGN TABLE|SEQUENCE)$/.test(other.description) && other.tag === tag && other.schema === schema,
  );
}

function inDropOrder(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const depths = partitionDepths(entries);
  const tableOf = (entry: ArchiveEntry): number | undefined => entry.dependencies.find((id) => depths.has(id));
  const depthOf = (entry: ArchiveEntry): number => depths.get(tableOf(entry) ?? -1) ?? -1;
  const places = entries.flatMap((entry, index) => (entry.description === 'CONSTRAINT' && depthOf(entry) >= 0 ? [index] : []));
  const deepestFirst = places.map((place) => entries[place]).filter((entry) => entry !== undefined);
  deepestFirst.sort((a, b) => depthOf(b) - depthOf(a));
  const result = [...entries];
  places.forEach((place, index) => {
    const entry = deepestFirst[index];
    if (entry !== undefined) result[place] = entry;
  });
  return result;
}

/** How deep each table of a partition tree lies, by its id; the root has 0. Tables outside of trees are not in it. */
function partitionDepths(entries: readonly ArchiveEntry[]): ReadonlyMap<number, number> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const parents = new Map<number, number>();
  for (const attach of entries.filter(({ description }) => description === 'TABLE ATTACH')) {
    const tables = attach.dependencies.map((id) => byId.get(id)).filter((entry) => entry?.description === 'TABLE');
    const child = tables.find((table) => table?.tag === attach.tag && table.schema === attach.schema);
    const parent = tables.find((table) => table !== child);
    if (child && parent) parents.set(child.id, parent.id);
  }
  const depth = (id: number, hops: number): number => {
    const parent = parents.get(id);
    return parent === undefined || hops > 100 ? 0 : 1 + depth(parent, hops + 1);
  };
  return new Map([...parents].flat().map((id) => [id, depth(id, 0)]));
}
