import type { Database } from 'better-sqlite3';
import type { Contents } from '../../../core/contents.ts';
import { compareViolations, findViolations } from './foreignKeys.ts';
import { readDump, type ReadOptions } from './read.ts';
import { Restorer } from './restorer.ts';

/** What was restored, and what the user should know of it. */
export interface RestoredSql {
  readonly contents: Contents;
  readonly warnings: readonly string[];
}

/**
 * Restores an SQL dump into a live database in one transaction; objects that the dump does not create stay.
 *
 * Shape:  `database` is open for writing, outside of a transaction. Other connections see the old rows until all is done.
 * Errors: BackupError 'sqlite.statementRefused', 'sqlite.statement', 'sqlite.foreignKeys', 'dumps.truncated', 'dumps.damaged',
 *         'dumps.tooLarge'; SQLite's own for a target that is locked, full or damaged. After any of them the old rows are there.
 */
export function restoreSql(database: Database, path: string, options: ReadOptions): RestoredSql {
  const foreignKeys = database.pragma('foreign_keys', { simple: true });
  database.pragma('foreign_keys = OFF');
  // The rows were accepted once, and a CHECK may call functions that only the application has.
  database.pragma('ignore_check_constraints = ON');
  database.pragma('trusted_schema = OFF');
  try {
    database.exec('BEGIN IMMEDIATE');
    const restored = applyDump(database, path, options);
    database.exec('COMMIT');
    return restored;
  } finally {
    if (database.inTransaction) database.exec('ROLLBACK');
    database.pragma('ignore_check_constraints = OFF');
    database.pragma(`foreign_keys = ${foreignKeys === 1 ? 'ON' : 'OFF'}`);
  }
}

function applyDump(database: Database, path: string, options: ReadOptions): RestoredSql {
  const before = findViolations(database);
  const restorer = new Restorer(database);
  const statements = readDump(path, options);
  try {
    for (let step = statements.next(); ; step = statements.next()) {
      if (step.done !== true) {
        restorer.apply(step.value);
        continue;
      }
      restorer.finish(options.checkpoint);
      const after = findViolations(database);
      return { contents: step.value, warnings: compareViolations(before, after, restorer) };
    }
  } finally {
    statements.return({ tables: [], objects: {} });
  }
}
