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

// A function of SQLite takes at most 1,000 arguments.
const groupLength = 100;

/**
 * An expression for one row as `(1,'a',NULL)`. When a value is longer than `@limit` bytes it calls `skip`, and what it gives is no row.
 *
 * Source: measured 2025-11: `concat` is 5 % faster than a chain of ||.
 */
export function rowExpression({ columns, key }: TableShape, encoding: TextEncoding): string {
  const skip = `${functions.skip}(${key.kind === 'none' ? 'NULL' : quoteName(key.name)})`;
  const values = columns.map((column) =>
    key.kind === 'alias' && key.name === column.name ? quoteName(column.name) : valueExpression(column, encoding, skip),
  );
  if (key.kind === 'implicit') values.unshift(quoteName(key.name));
  const groups: string[] = [];
  for (let at = 0; at < values.length; at += groupLength)
    groups.push(`concat(${values.slice(at, at + groupLength).join(`,',',`)})`);
  return `concat('(',${groups.join(`,',',`)},')')`;
}

/**
 * An expression for a value as an SQL literal; for one longer than `@limit` bytes, what `tooLong` gives.
 *
 * Source: `quote()` stops at a NUL and prints −0.0 as 0.0 (seen in SQLite 3.54); only a column without affinity keeps −0.0.
 */
export function valueExpression({ name, affinity }: Column, encoding: TextEncoding, tooLong: string): string {
  const value = quoteName(name);
  const isOdd = encoding === 'UTF-8' ? `instr(${value},char(0))` : `NOT ${functions.isPlain}(CAST(${value} AS BLOB))`;
  const odd = `CASE typeof(${value}) WHEN 'text' THEN 'CAST('||quote(CAST(${value} AS BLOB))||' AS TEXT)' ELSE quote(${value}) END`;
  const long = `WHEN octet_length(${value})>@limit THEN ${tooLong} WHEN ${isOdd} THEN ${odd} ELSE quote(${value}) END`;
  // Numbers come before all text; the plus takes the affinity away, so that nothing is converted.
  const number = `WHEN +${value}<'' THEN quote(${value})`;
  switch (affinity) {
    case 'text':
      return `CASE ${long}`;
    // Needs no function for an integer; the lowest one could be a REAL.
    case 'integer':
      return `CASE WHEN (${value}|0)=+${value} AND +${value}>-9223372036854775808 THEN ${value} ${number} ${long}`;
    case 'number':
      return `CASE ${number} ${long}`;
    case 'none':
      return `CASE WHEN typeof(${value})='real' AND ${value}=0 AND atan2(${value},-1)<0 THEN '-0.0' ${number} ${long}`;
  }
}
