import { isUtf8 } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import { codeOf } from '../failures.ts';
import { quoteText } from './names.ts';
import type { DumpStatement } from './statements.ts';
import { tokenize, tokenText } from './tokens.ts';

export type CreateStatement = DumpStatement & { readonly kind: 'create' };

/**
 * Creates an object of a dump with exactly the text that the dump has.
 *
 * What better-sqlite3 refuses although older databases hold it is created in another form, and its own text put back:
 * strings in double quotes, and bytes that are not UTF-8. A function that only the application has is created as one that fails when used.
 */
export function createObject(database: Database, statement: CreateStatement): void {
  const original = statement.sql.toString();
  const accepted = runAccepted(database, original);
  if (accepted === original && isUtf8(statement.sql)) return;
  const text = statement.sql.subarray(statement.nameAt);
  const head = `CREATE ${statement.isUnique ? 'UNIQUE ' : ''}${statement.type.toUpperCase()} `;
  const written = Buffer.concat([Buffer.from(head), text]);
  changeSchema(database, () =>
    database
      .prepare<[string | Buffer, string, string]>('UPDATE sqlite_schema SET sql = CAST(? AS TEXT) WHERE type = ? AND name = ?')
      .run(isUtf8(written) ? written.toString().trimEnd() : written, statement.type, statement.name),
  );
}

/** Runs statements of ours on `sqlite_schema`, which better-sqlite3 protects otherwise. */
export function changeSchema(database: Database, change: () => void): void {
  database.unsafeMode(true);
  try {
    database.pragma('writable_schema = ON');
    change();
  } finally {
    database.pragma('writable_schema = OFF');
    database.unsafeMode(false);
  }
}

/** Gives the form of `sql` that was accepted. */
function runAccepted(database: Database, sql: string): string {
  const replaced = new Map<string, number>();
  for (let text = sql; ;) {
    try {
      database.prepare(text).run();
      return text;
    } catch (error) {
      const next = adapt(database, error, sql, replaced);
      if (next === undefined) throw error;
      text = next;
    }
  }
}

function adapt(database: Database, error: unknown, sql: string, replaced: Map<string, number>): string | undefined {
  if (!(error instanceof Error) || codeOf(error) !== 'SQLITE_ERROR') return undefined;
  const unknown = /^no such function: (.+)$/s.exec(error.message)?.[1];
  if (unknown !== undefined) {
    addFunction(database, unknown);
    return replaceStrings(sql, replaced);
  }
  const name = /^no such column: "(.*)" - should this be a string literal/s.exec(error.message)?.[1];
  const attempts = name === undefined ? 0 : (replaced.get(name) ?? 0);
  if (name === undefined || attempts === 2) return undefined;
  replaced.set(name, attempts + 1);
  return replaceStrings(sql, replaced);
}

/** Its CHECK constraints are not asked during a restore; an index that needs it cannot be built. */
function addFunction(database: Database, name: string): void {
  // A function of ours may stand in a schema only while schemas are trusted; SQLite itself has none here that does harm.
  database.pragma('trusted_schema = ON');
  database.function(name, { varargs: true, deterministic: true }, () => {
    throw new Error(`The function ${name} belongs to the application`);
  });
}

/** Names in double quotes that are no columns, as strings; in an index a string alone would be taken for a name again. */
function replaceStrings(sql: string, replaced: ReadonlyMap<string, number>): string {
  const bytes = Buffer.from(sql);
  const parts: string[] = [];
  let done = 0;
  for (const token of tokenize(bytes)) {
    const text = token.kind === 'quoted' && bytes[token.start] === 0x22 ? tokenText(bytes, token) : '';
    const attempts = replaced.get(text);
    if (attempts === undefined) continue;
    parts.push(bytes.toString('utf8', done, token.start), attempts === 1 ? quoteText(text) : `(''||${quoteText(text)})`);
    done = token.end;
  }
  return [...parts, bytes.toString('utf8', done)].join('');
}
