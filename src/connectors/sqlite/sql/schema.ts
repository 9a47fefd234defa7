import type { Database } from 'better-sqlite3';
import { quoteName } from '../contents.ts';
import { decodeText, type TextEncoding } from './encoding.ts';
import { foldName, isInternalName } from './names.ts';
import type { SchemaType } from './statements.ts';

/** A column that an INSERT fills. `affinity` says what SQLite makes of a value before it stores it. */
export interface Column {
  readonly name: string;
  readonly affinity: 'integer' | 'number' | 'text' | 'none';
}

/**
 * How the rows of a table are reached.
 *
 * Shape: `alias`: a column of the table is its rowid; `implicit`: the rowid has only the name `name`; `none`: WITHOUT ROWID, or all names
 * of the rowid are taken by columns.
 */
export type RowKey = { readonly kind: 'alias' | 'implicit'; readonly name: string } | { readonly kind: 'none' };

export interface TableShape {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly key: RowKey;
  readonly hasGenerated: boolean;
}

/** An object of the schema. `kind` tells the tables apart: virtual ones, and the shadow tables that hold their rows. */
export interface SchemaObject {
  readonly type: SchemaType;
  readonly kind: 'table' | 'virtual' | 'shadow' | 'other';
  readonly name: string;
  /** The table that an index or a trigger belongs to; otherwise its own name. */
  readonly owner: string;
  /** As stored, in UTF-8. */
  readonly sql: Buffer;
}

/** All objects of a schema but SQLite's own, in the order in which they were made. */
export function readSchema(database: Database, encoding: TextEncoding): readonly SchemaObject[] {
  const kinds = new Map(
    database
      .prepare<[], [string, 'table' | 'virtual' | 'shadow' | 'view']>(
        `SELECT name, type FROM pragma_table_list WHERE schema = 'main'`,
      )
      .raw()
      .all(),
  );
  return database
    .prepare<[], { type: SchemaType; name: string; owner: string; sql: Buffer }>(
      `SELECT type, name, tbl_name AS owner, CAST(sql AS BLOB) AS sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid`,
    )
    .all()
    .filter(({ name }) => !isInternalName(name))
    .map((row) => {
      const kind = row.type === 'table' ? (kinds.get(row.name) ?? 'table') : 'other';
      return { ...row, kind: kind === 'view' ? 'other' : kind, sql: toUtf8(row.sql, encoding) };
    });
}

/** Bytes of a text of the database as UTF-8. */
export function toUtf8(bytes: Buffer, encoding: TextEncoding): Buffer {
  return encoding === 'UTF-8' ? bytes : Buffer.from(decodeText(bytes, encoding) ?? '');
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly pk: number;
  /** 2 and 3 are generated columns. */
  readonly hidden: number;
}

export function readTable(database: Database, name: string): TableShape {
  const rows = database.prepare<[string], ColumnRow>('SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)').all(name);
  const traits = database
    .prepare<[string], { wr: number; strict: number }>(`SELECT wr, strict FROM pragma_table_list(?) WHERE schema = 'main'`)
    .get(name);
  const columns = rows.filter(({ hidden }) => hidden === 0);
  return {
    name,
    columns: columns.map((column) => ({ name: column.name, affinity: affinityOf(column.type, traits?.strict === 1) })),
    key: traits?.wr === 1 ? { kind: 'none' } : readKey(database, name, rows),
    hasGenerated: columns.length < rows.length,
  };
}

function readKey(database: Database, table: string, columns: readonly ColumnRow[]): RowKey {
  const keys = columns.filter(({ pk }) => pk > 0);
  const [key] = keys;
  if (keys.length === 1 && key?.type.toUpperCase() === 'INTEGER') {
    // INTEGER PRIMARY KEY DESC is an ordinary column with an index of its own.
    const hasIndex =
      database.prepare<[string]>(`SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'`).get(table) !== undefined;
    if (!hasIndex) return { kind: 'alias', name: key.name };
  }
  const taken = new Set(columns.map(({ name }) => foldName(name)));
  const free = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  return free === undefined ? { kind: 'none' } : { kind: 'implicit', name: free };
}

/** Source: https://sqlite.org/datatype3.html, section 3.1. */
function affinityOf(type: string, isStrict: boolean): Column['affinity'] {
  const upper = type.toUpperCase();
  if (isStrict && upper === 'ANY') return 'none';
  if (upper.includes('INT')) return 'integer';
  if (/CHAR|CLOB|TEXT/.test(upper)) return 'text';
  return upper === '' || upper.includes('BLOB') ? 'none' : 'number';
}

/** `INSERT INTO "t" VALUES`, with the columns where they are not simply all. */
export function insertHead({ name, columns, key, hasGenerated }: TableShape): string {
  const names = columns.map((column) => quoteName(column.name));
  if (key.kind === 'implicit') names.unshift(key.name);
  const list = key.kind === 'implicit' || hasGenerated ? `(${names.join(',')})` : '';
  return `INSERT INTO ${quoteName(name)}${list} VALUES`;
}
