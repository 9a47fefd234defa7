import type { Database } from 'better-sqlite3';
import type { Contents, TableCount } from '../../core/contents.ts';
import { codeOf } from './failures.ts';

/**
 * Counts what a database holds, as the open read transaction sees it.
 *
 * Shape: tables without SQLite's own and without the shadow tables of virtual ones; a table whose module or function
 * is not known here has no `rows`.
 * Source: measured 2025-11: 41 ms for 4.1 million rows in 250 MiB, 6 % of the time to copy them.
 */
export function readContents(database: Database, checkpoint: () => void): Contents {
  const names = database
    .prepare<[], string>(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .pluck()
    .all();
  const objects = database
    .prepare<[], [string, number]>(
      `SELECT type, count(*) FROM sqlite_schema
       WHERE type IN ('index', 'trigger', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' GROUP BY type ORDER BY type`,
    )
    .raw()
    .all();
  const tables = names.map((name) => {
    checkpoint();
    return countRows(database, name);
  });
  return { tables, objects: Object.fromEntries(objects) };
}

function countRows(database: Database, name: string): TableCount {
  try {
    const rows = database
      .prepare<[], number>(`SELECT count(*) FROM main.${quoteName(name)}`)
      .pluck()
      .get();
    return rows === undefined ? { name } : { name, rows };
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_ERROR') throw error;
    return { name };
  }
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `SQLite 3.54.0` */
export function libraryVersion(database: Database): string {
  const version = database.prepare<[], string>('SELECT sqlite_version()').pluck().get();
  return `SQLite ${version ?? ''}`;
}
