import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { dumpSql, type DumpedSql } from '../../src/connectors/sqlite/sql/dump.ts';
import type { Partner } from '../../src/connectors/sqlite/sql/partner.ts';
import { restoreSql, type RestoredSql } from '../../src/connectors/sqlite/sql/restore.ts';

/** A folder of databases and dumps for one test; `remove` it at the end. */
export class SqlDumps {
  readonly folder = mkdtempSync(join(tmpdir(), 'dbbackup-sql-'));
  #count = 0;

  /** A path of a file that does not exist yet. */
  path(ending: string): string {
    this.#count += 1;
    return join(this.folder, `${this.#count}.${ending}`);
  }

  /** A new database made by Debian's shell, whose double-quoted strings and defaults are those of the users. */
  create(sql: string): string {
    const path = this.path('db');
    shell(path, `PRAGMA synchronous = OFF;\n${sql}`);
    return path;
  }

  /** A new database filled through the driver. */
  fill(fill: (database: Database) => void): string {
    const path = this.path('db');
    using(path, fill);
    return path;
  }

  dump(
    path: string,
    exclude: readonly string[] = [],
    partner?: Partner,
  ): DumpedSql & { readonly path: string; readonly text: string } {
    const dump = this.path('dump');
    const file = openSync(dump, 'w');
    const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      const dumped = dumpSql(database, { exclude, partner, write: (block) => void writeSync(file, block), ...silent });
      return { ...dumped, path: dump, text: readFileSync(dump, 'latin1') };
    } finally {
      database.close();
      closeSync(file);
    }
  }

  /** A dump with the given content. */
  write(content: string | Uint8Array): string {
    const path = this.path('dump');
    writeFileSync(path, content);
    return path;
  }

  /** Loads a dump with Debian's shell, which must not complain. */
  load(dump: string): string {
    const path = this.path('db');
    shell(path, readFileSync(dump));
    return path;
  }

  restore(dump: string, target = this.path('db')): RestoredSql & { readonly path: string } {
    return { ...using(target, (database) => restoreSql(database, dump, silent)), path: target };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export const silent = { progress: () => undefined, checkpoint: () => undefined };

export function using<T>(path: string, action: (database: Database) => T): T {
  const database = new SqliteDatabase(path);
  try {
    return action(database);
  } finally {
    database.close();
  }
}

/** Runs Debian's shell; anything on stderr is an error. Gives its output as bytes. */
export function shell(path: string, input: string | Buffer, ...args: readonly string[]): Buffer {
  return execFileSync('sqlite3', ['-bail', '-cmd', 'PRAGMA synchronous = OFF', path, ...args], {
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 30,
  });
}
