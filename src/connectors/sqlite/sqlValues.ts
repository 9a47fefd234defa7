import { quoteName } from './contents.ts';
import type { TextEncoding } from './sqlEncoding.ts';
import type { Column, TableShape } from './sqlSchema.ts';

/** SQL functions that a dump adds to its connection. */
export const functions = {
  /** Notes the rowid of a row that is too long for its batch, and gives NULL, which makes the whole row NULL. */
  skip: 'dbbackup_skip',
  /** 1 for the bytes of a UTF-16 text that is well formed and has no NUL. */
  isPlain: 'dbbackup_is_plain',
} as const;

// SQLite takes expressions of 1,000 levels; a chain of || has one for each link.
const chainLength = 100;

/**
 * An expression for one row as `(1,'a',NULL)`, or NULL when a value is longer than `@limit` bytes.
 *
 * Source: `quote()` stops at a NUL and prints −0.0 as 0.0 (seen in SQLite 3.54); -0.0 stays only in columns without affinity.
 */
export function rowExpression({ columns, key }: TableShape, encoding: TextEncoding): string {
  const skip = `${functions.skip}(${key.kind === 'none' ? 'NULL' : quoteName(key.name)})`;
  const values = columns.map((column) =>
    key.kind === 'alias' && key.name === column.name ? quoteName(column.name) : valueExpression(column, encoding, skip),
  );
  if (key.kind === 'implicit') values.unshift(quoteName(key.name));
  const groups: string[] = [];
  for (let at = 0; at < values.length; at += chainLength) groups.push(`(${values.slice(at, at + chainLength).join(`||','||`)})`);
  return `'('||${groups.join(`||','||`)}||')'`;
}

/** An expression for a value as an SQL literal; for one longer than `@limit` bytes, what `tooLong` gives. */
export function valueExpression({ name, affinity }: Column, encoding: TextEncoding, tooLong: string): string {
  const value = quoteName(name);
  const isOdd = encoding === 'UTF-8' ? `instr(${value},char(0))` : `NOT ${functions.isPlain}(CAST(${value} AS BLOB))`;
  const odd = `CASE typeof(${value}) WHEN 'text' THEN 'CAST('||quote(CAST(${value} AS BLOB))||' AS TEXT)' ELSE quote(${value}) END`;
  const long = `CASE WHEN octet_length(${value})>@limit THEN ${tooLong} WHEN ${isOdd} THEN ${odd} ELSE quote(${value}) END`;
  switch (affinity) {
    case 'text':
      return long;
    // Numbers come before all text; the plus takes the affinity away, so that nothing is converted.
    case 'numeric':
      return `CASE WHEN +${value}<'' THEN quote(${value}) ELSE ${long} END`;
    case 'none':
      return `CASE typeof(${value}) WHEN 'real' THEN ${realExpression(value)} WHEN 'integer' THEN quote(${value}) ELSE ${long} END`;
  }
}

function realExpression(value: string): string {
  return `CASE WHEN ${value}=0 AND atan2(${value},-1)<0 THEN '-0.0' ELSE quote(${value}) END`;
}
