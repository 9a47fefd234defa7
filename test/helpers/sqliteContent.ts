import { createHash, type Hash } from 'node:crypto';
import SqliteDatabase, { type Database } from 'better-sqlite3';

/** Everything of a database that a dump must bring back; compare two with `assert.deepEqual`. */
export interface SqliteContent {
  /** `type name on table: sql`, sorted; without SQLite's own objects. */
  readonly schema: readonly string[];
  /** sha256 over all rows in rowid or key order, rowids and generated columns included, value by value with its type and exact bytes. */
  readonly rows: Readonly<Record<string, string>>;
  readonly sequence: readonly string[];
  readonly statistics: readonly string[];
  readonly pragmas: Readonly<Record<string, unknown>>;
}

/** Reads the content of the database at `path`. */
export function sqliteContent(path: string): SqliteContent {
  const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
  try {
    return contentOf(database);
  } finally {
    database.close();
  }
}

function contentOf(database: Database): SqliteContent {
  const objects = database
    .prepare<[], { type: string; name: string; owner: string; sql: Buffer }>(
      `SELECT type, name, tbl_name AS owner, CAST(sql AS BLOB) AS sql FROM sqlite_schema
       WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .all();
  const tables = database
    .prepare<[], { name: string; wr: number }>(
      `SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .all();
  const pragmas = ['user_version', 'application_id', 'encoding'];
  return {
    schema: objects.map(({ type, name, owner, sql }) => `${type} ${name} on ${owner}: ${sql.toString('latin1')}`).sort(),
    rows: Object.fromEntries(tables.map(({ name, wr }) => [name, hashRows(database, name, wr === 1)])),
    sequence: lines(database, 'sqlite_sequence', "name||'='||seq"),
    statistics: lines(database, 'sqlite_stat1', 'quote(tbl)||quote(idx)||stat'),
    pragmas: Object.fromEntries(pragmas.map((name) => [name, database.pragma(name, { simple: true })])),
  };
}

function hashRows(database: Database, table: string, withoutRowid: boolean): string {
  const columns = database.prepare<[string], string>('SELECT name FROM pragma_table_xinfo(?)').pluck().all(table);
  const taken = new Set(columns.map((name) => name.toLowerCase()));
  const rowid = withoutRowid ? undefined : ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  const names = [...(rowid === undefined ? [] : [rowid]), ...columns.map(quoteName)];
  const values = names.map(
    (name) => `typeof(${name}), CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
  );
  const order = rowid === undefined ? '' : `ORDER BY ${rowid}`;
  const rows = database
    .prepare<[], unknown[]>(`SELECT ${values.join(',')} FROM main.${quoteName(table)} NOT INDEXED ${order}`)
    .raw()
    .safeIntegers();
  const hash = createHash('sha256');
  let count = 0;
  for (const row of rows.iterate()) {
    count += 1;
    for (const value of row) addValue(hash, value);
  }
  return `${count} rows ${hash.digest('hex')}`;
}

/** Numbers by their bits, so that −0.0 is not 0.0. */
function addValue(hash: Hash, value: unknown): void {
  const bytes =
    typeof value === 'number'
      ? Buffer.from(new Float64Array([value]).buffer)
      : value instanceof Buffer
        ? value
        : Buffer.from(String(value));
  hash.update(`${bytes.length}:`).update(bytes);
}

function lines(database: Database, table: string, line: string): readonly string[] {
  const exists = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
  return exists ? database.prepare<[], string>(`SELECT ${line} FROM ${table} ORDER BY 1`).pluck().all() : [];
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
