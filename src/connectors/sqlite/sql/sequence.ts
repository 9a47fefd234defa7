import type { Database } from 'better-sqlite3';
import { foldName } from './names.ts';
import type { DumpStatement } from './statements.ts';

/** Applies what a dump says about AUTOINCREMENT, to the tables that it has created (folded names) and to no other. */
export function createSequence(
  database: Database,
  statement: DumpStatement & { readonly kind: 'sequence' | 'clearSequence' },
  created: ReadonlySet<string>,
): void {
  const exists = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'`).get() !== undefined;
  if (!exists) return;
  const remove = database.prepare<[string]>('DELETE FROM sqlite_sequence WHERE name = ? COLLATE NOCASE');
  if (statement.kind === 'clearSequence') {
    for (const name of created) remove.run(name);
    return;
  }
  const insert = database.prepare<[string, unknown]>('INSERT INTO sqlite_sequence(name, seq) VALUES(?, ?)');
  for (const [name, seq] of readRows(database, statement.values)) {
    if (!created.has(foldName(name))) continue;
    remove.run(name);
    insert.run(name, seq);
  }
}

/** SQLite itself reads the values, in whichever way they are spelled. */
function readRows(database: Database, values: string): readonly [string, unknown][] {
  database.exec('CREATE TEMP TABLE read_sequence(name, seq)');
  try {
    database.exec(`INSERT INTO temp.read_sequence ${values}`);
    return database
      .prepare<[], [string, unknown]>('SELECT CAST(name AS TEXT), seq FROM temp.read_sequence')
      .raw()
      .safeIntegers()
      .all();
  } finally {
    database.exec('DROP TABLE temp.read_sequence');
  }
}
