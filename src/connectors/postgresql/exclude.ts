import { shownName, type TableFacts } from './catalog.ts';
import { quoted } from './session.ts';

/** What EXCLUDE means for a database: patterns for pg_dump, the tables that they match, and names that match none. */
export interface Exclusion {
  readonly patterns: readonly string[];
  readonly tables: readonly TableFacts[];
  readonly unmatched: readonly string[];
}

/**
 * Makes pg_dump's patterns of names. A name is matched exactly first; otherwise it is split at its wildcards and each piece is quoted,
 * since pg_dump folds what is not quoted. Source: pg_dump(1), psql(1) "Patterns".
 */
export function exclusionOf(names: readonly string[], tables: readonly TableFacts[]): Exclusion {
  const found = names.map((name) => ({ name, ...matchOne(name, tables) }));
  return {
    patterns: found.map(({ pattern }) => pattern),
    tables: [...new Set(found.flatMap(({ matched }) => matched))],
    unmatched: found.filter(({ matched }) => matched.length === 0).map(({ name }) => name),
  };
}

function matchOne(name: string, tables: readonly TableFacts[]): { pattern: string; matched: readonly TableFacts[] } {
  const exact = tables.filter(
    (table) => shownName(table.schema, table.name) === name || `${table.schema}.${table.name}` === name,
  );
  const [only] = exact;
  if (only !== undefined) return { pattern: `${quoted(only.schema)}.${quoted(only.name)}`, matched: exact };
  const bare = tables.filter((table) => table.name === name);
  if (bare.length > 0) return { pattern: quoted(name), matched: bare };
  const dot = name.indexOf('.');
  const parts = dot < 0 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
  const tests = parts.map(asTest);
  const matched = tables.filter(({ schema, name: table }) =>
    tests.length === 1 ? tests[0]?.test(table) : tests[0]?.test(schema) === true && tests[1]?.test(table),
  );
  return { pattern: parts.map(asPattern).join('.'), matched };
}

function asPattern(part: string): string {
  return part
    .split(/([*?]+)/)
    .map((piece) => (piece === '' || /^[*?]+$/.test(piece) ? piece : quoted(piece)))
    .join('');
}

function asTest(part: string): RegExp {
  const source = part
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
