import type { Database } from 'better-sqlite3';
import { quoteName, readContents } from './contents.ts';
import { codeOf } from './failures.ts';
import type { Thread } from './thread.ts';

type Check = 'quick_check' | 'integrity_check';

// A row that breaks a rule of its own table is the application's matter, and a faithful copy of it is no damage.
const brokenRule = /^(?:NULL|NUMERIC|TEXT|non-\w+) value in /;

/**
 * True when the pages of a database do not fit together; the log says how.
 *
 * Rules of rows are not looked at: CHECK may call functions that only the application has.
 */
export function findDamage(database: Database, check: Check, thread: Thread): boolean {
  database.pragma('ignore_check_constraints = ON');
  const findings = thread.blocked(() => checkAll(database, check)) ?? checkTables(database, check, thread);
  const accepted = findings.filter((finding) => brokenRule.test(finding));
  if (accepted.length > 0) thread.log('warning', accepted.join('\n'));
  const damage = findings.filter((finding) => finding !== 'ok' && !brokenRule.test(finding));
  if (damage.length > 0) thread.log('error', damage.join('\n'));
  return damage.length > 0;
}

function checkAll(database: Database, check: string): readonly string[] | undefined {
  try {
    return database.prepare<[], string>(`PRAGMA ${check}`).pluck().all();
  } catch (error) {
    // A collation or function that only the application has: then each table is checked for itself.
    if (codeOf(error).startsWith('SQLITE_ERROR')) return undefined;
    throw error;
  }
}

function checkTables(database: Database, check: Check, thread: Thread): readonly string[] {
  return readContents(database, () => thread.checkpoint()).tables.flatMap(({ name }) => {
    const findings = thread.blocked(() => checkAll(database, `${check}(${quoteName(name)})`));
    if (findings === undefined) {
      thread.log('warning', `The table ${name} uses a collation or function that is unknown here; its rows were not checked.`);
    }
    return findings ?? [];
  });
}
