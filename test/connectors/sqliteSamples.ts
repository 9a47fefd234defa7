import { join } from 'node:path';
import SqliteDatabase, { type Database as Handle } from 'better-sqlite3';
import type { Database } from '../../src/core/database.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { SqlitePeer } from '../helpers/sqlitePeer.ts';
import { fileOf, type ContractSubject } from './contract.ts';

/** A resolved database for a file, as the settings would give it. */
export function databaseAt(path: string, connector: string, name = path): Database {
  return {
    alias: 'default',
    engine: 'sqlite',
    connector,
    keys: { ENGINE: 'sqlite3', NAME: name },
    folder: join(path, '..'),
    scope: 'file',
    target: { kind: 'file', engine: 'sqlite', path },
    tools: {},
  };
}

/** Opens a database, does something with it, and closes it. */
export function using<T>(path: string, action: (database: Handle) => T): T {
  const database = new SqliteDatabase(path);
  try {
    return action(database);
  } finally {
    database.close();
  }
}

/** All that a database holds, as one text: DDL, rows with their types and rowids, sequences, versions; and whether it is sound. */
export function hashOf(path: string): string {
  const content = JSON.stringify(sqliteContent(path));
  return using(path, (database) => `${content} ${String(database.pragma('integrity_check', { simple: true }))}`);
}

/** A shop with one of everything that SQLite stores. */
export const sampleSql = `
  PRAGMA user_version = 7; PRAGMA application_id = 4242;
  CREATE TABLE customer (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, balance REAL, photo BLOB);
  INSERT INTO customer VALUES (1, 'Ada '');'' "x"', 1e999, x'00ff00'), (2, CAST(x'610062' AS TEXT), -1e999, NULL), (9007199254740993, '😀
    two lines', 0.1, zeroblob(5000));
  CREATE TABLE "odd ""name"" -- x" ("a b" TEXT, "select" INTEGER, total GENERATED ALWAYS AS ("select" * 2) STORED);
  INSERT INTO "odd ""name"" -- x" VALUES ('x', 9223372036854775807 / 2), ('y', -1);
  CREATE TABLE pair (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
  INSERT INTO pair VALUES (1, 'x'), (1, 'y');
  CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customer, note TEXT);
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
    INSERT INTO purchase SELECT i, 1 + i % 2, 'note ' || i FROM n;
  CREATE INDEX partial ON purchase (note) WHERE id > 100;
  CREATE INDEX expression ON customer (lower(name));
  CREATE VIEW rich AS SELECT * FROM customer WHERE balance > 0;
  CREATE VIEW broken AS SELECT * FROM missing;
  CREATE TABLE audit (what TEXT);
  CREATE TRIGGER watch AFTER INSERT ON purchase BEGIN
    INSERT INTO audit VALUES ('added; ' || new.id);
    UPDATE customer SET balance = 1 WHERE id = new.customer;
  END;
  CREATE VIRTUAL TABLE search USING fts5 (note);
  INSERT INTO search SELECT note FROM purchase WHERE id < 50;
  PRAGMA journal_mode = WAL; PRAGMA journal_mode = DELETE;
`;

/** The part of a contract subject that all SQLite connectors share. */
export function sqliteSubject(connector: string, exclude: ContractSubject['exclude']['effect']): ContractSubject {
  const at = (folder: string, name: string): Database => databaseAt(join(folder, name), connector);
  return {
    connector,
    exclude: { table: 'audit', effect: exclude },
    sample(folder) {
      using(join(folder, 'db.sqlite3'), (database) => database.exec(sampleSql));
      return Promise.resolve(at(folder, 'db.sqlite3'));
    },
    large(folder) {
      using(join(folder, 'large.sqlite3'), (database) => {
        database.exec('PRAGMA synchronous = OFF; CREATE TABLE big (id INTEGER PRIMARY KEY, bytes BLOB)');
        const insert = database.prepare('INSERT INTO big (bytes) VALUES (randomblob(100000))');
        database.transaction(() => Array.from({ length: 320 }, () => insert.run()))();
      });
      return Promise.resolve(at(folder, 'large.sqlite3'));
    },
    absent: (folder) => at(folder, 'absent.sqlite3'),
    empty(folder) {
      using(join(folder, 'empty.sqlite3'), (database) => database.exec('VACUUM'));
      return Promise.resolve(at(folder, 'empty.sqlite3'));
    },
    spoil(database) {
      using(fileOf(database), (handle) =>
        handle.exec(`DELETE FROM pair; UPDATE purchase SET note = 'gone' WHERE id % 3 = 0; DELETE FROM purchase WHERE id > 1500;
          INSERT INTO purchase VALUES (99999, 1, 'later'); CREATE TABLE later (x)`),
      );
      return Promise.resolve();
    },
    contentHash: (database) => Promise.resolve(hashOf(fileOf(database))),
    async watch(database) {
      const peer = new SqlitePeer(fileOf(database));
      await peer.all('SELECT count(*) FROM purchase');
      const hash = async (): Promise<string> =>
        JSON.stringify([
          await peer.all('SELECT * FROM purchase ORDER BY id'),
          await peer.all('SELECT * FROM pair'),
          await peer.all('SELECT what FROM audit'),
        ]);
      return { hash, stop: () => peer.stop() };
    },
  };
}
