import type { Database } from 'better-sqlite3';
import { BackupError } from '../../../core/errors.ts';
import { codeOf } from '../failures.ts';
import { foldName } from './names.ts';

/** How many rows of `child` refer to rows of `parent` that are not there. */
interface Violation {
  readonly child: string;
  readonly parent: string;
  readonly rows: number;
}

/** Rows that refer to nothing, by child and parent. A table whose keys SQLite cannot check is left out, as SQLite itself would. */
export function findViolations(database: Database): readonly Violation[] {
  const children = database
    .prepare<[], string>(
      `SELECT DISTINCT list.name FROM pragma_table_list AS list, pragma_foreign_key_list(list.name)
       WHERE list.schema = 'main' AND list.type = 'table' ORDER BY list.name`,
    )
    .pluck()
    .all();
  const check = database.prepare<[string], Violation>(
    `SELECT "table" AS child, parent, count(*) AS rows FROM pragma_foreign_key_check(?) GROUP BY "table", parent`,
  );
  return children.flatMap((child) => {
    try {
      return check.all(child);
    } catch (error) {
      // A parent without a unique key, or a collation that only the application has.
      if (codeOf(error).startsWith('SQLITE_ERROR')) return [];
      throw error;
    }
  });
}

/**
 * Compares the rows that refer to nothing before a restore and after it, and gives a warning for those that may stay.
 *
 * Shape:  what lies between two tables of the dump (`created`, folded names) was so where the dump was made; a parent that neither
 *         the dump nor the target has was left out of the dump on purpose.
 * Errors: BackupError 'sqlite.foreignKeys' when the restore itself tore rows apart.
 */
export function compareViolations(
  before: readonly Violation[],
  after: readonly Violation[],
  { created, present }: { readonly created: ReadonlySet<string>; readonly present: ReadonlySet<string> },
): readonly string[] {
  const known = new Map(before.map((violation) => [keyOf(violation), violation.rows]));
  return after.map((violation) => {
    const { child, parent, rows } = violation;
    const isInDump = created.has(foldName(child)) && created.has(foldName(parent));
    const isAllowed = isInDump || !present.has(foldName(parent)) || rows <= (known.get(keyOf(violation)) ?? 0);
    if (!isAllowed) {
      throw new BackupError(
        'sqlite.foreignKeys',
        `${rows} rows of ${child} would refer to rows of ${parent} that do not exist.`,
        {
          hint: `Restore a dump that holds both tables. Nothing was changed.`,
        },
      );
    }
    return `${rows} rows of ${child} refer to rows of ${parent} that do not exist${isInDump ? '; the dump holds them so' : ''}.`;
  });
}

function keyOf({ child, parent }: Violation): string {
  return JSON.stringify([foldName(child), foldName(parent)]);
}
