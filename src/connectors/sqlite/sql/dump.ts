import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { Contents, TableCount } from '../../../core/contents.ts';
import { quoteName } from '../contents.ts';
import { codeOf } from '../failures.ts';
import { parseEncoding, type TextEncoding } from './encoding.ts';
import { contentsLine, endLine, headLine } from './mark.ts';
import { foldName, isKnownModule, quoteText } from './names.ts';
import type { Partner } from './partner.ts';
import { writeRows } from './rows.ts';
import { readSchema, readTable, type SchemaObject } from './schema.ts';
import { Cursor } from './cursor.ts';
import { terminator } from './tokens.ts';
import { addFunctions } from './values.ts';
import { SqlWriter } from './writer.ts';

export interface DumpSqlOptions {
  /** Names of tables (or views) to leave out, with their indexes and triggers. */
  readonly exclude: readonly string[];
  /** Reads a part of the rows, in a thread of its own. */
  readonly partner?: Partner | undefined;
  /** Takes up to 1 MiB; the bytes are overwritten after it returns. */
  write(block: Uint8Array): void;
  progress(done: { readonly bytes: number; readonly rows: number }): void;
  /** Called between batches; throws once the job is cancelled. */
  checkpoint(): void;
}

/** A written dump. `sha256` is of all its bytes, in hexadecimal. */
export interface DumpedSql {
  readonly contents: Contents;
  readonly warnings: readonly string[];
  readonly sha256: string;
}

/**
 * Writes a database as SQL text that `sqlite3 new.db < dump` reads as well, all of it as one read transaction sees it.
 *
 * Shape:  `database` is open for reading, outside of a transaction; it gets two functions of ours.
 * Units:  holds a few MiB, and twice the longest value.
 * Errors: SQLite's own.
 */
export function dumpSql(database: Database, options: DumpSqlOptions): DumpedSql {
  database.pragma('trusted_schema = OFF');
  database.exec('BEGIN');
  try {
    return new Dump(database, options).write();
  } finally {
    database.exec('ROLLBACK');
  }
}

class Dump {
  private readonly database: Database;
  private readonly options: DumpSqlOptions;
  private readonly encoding: TextEncoding;
  private readonly writer: SqlWriter;
  private readonly warnings: string[] = [];
  private readonly tables: TableCount[] = [];
  private readonly skipped = new Set<bigint | null>();
  private readonly hash = createHash('sha256');
  private rows = 0;

  constructor(database: Database, options: DumpSqlOptions) {
    this.database = database;
    this.options = options;
    const encoding = parseEncoding(database.pragma('encoding', { simple: true })) ?? 'UTF-8';
    this.encoding = encoding;
    this.writer = new SqlWriter((block) => {
      this.hash.update(block);
      options.write(block);
      options.progress({ bytes: this.writer.sizeBytes, rows: this.rows });
    });
    addFunctions(database, encoding, this.skipped);
  }

  write(): DumpedSql {
    const schema = this.choose(readSchema(this.database, this.encoding));
    this.writer.write(`${headLine}PRAGMA foreign_keys=OFF;\n`);
    if (this.encoding !== 'UTF-8') this.writer.write(`PRAGMA encoding='${this.encoding}';\n`);
    this.writer.write('BEGIN TRANSACTION;\n');
    for (const object of schema) if (object.kind === 'table' || object.kind === 'shadow') this.writeTable(object);
    this.writeSequence(schema);
    for (const type of ['index', 'view'] as const) this.writeObjects(schema, type);
    this.writeVirtualTables(schema.filter(({ kind }) => kind === 'virtual'));
    this.writeStatistics(schema);
    this.writeObjects(schema, 'trigger');
    for (const name of ['user_version', 'application_id']) {
      this.writer.write(`PRAGMA ${name}=${String(this.database.pragma(name, { simple: true }))};\n`);
    }
    this.writer.write('COMMIT;\n');
    return this.finish(schema);
  }

  /** What is left after EXCLUDE, and after what cannot be restored. */
  private choose(schema: readonly SchemaObject[]): readonly SchemaObject[] {
    const excluded = new Set(this.options.exclude.map(foldName));
    this.warnings.push(...excludeWarnings(schema, this.options.exclude));
    const virtualTables = schema.filter(({ kind }) => kind === 'virtual');
    const left = new Set<string>();
    for (const { name, kind, sql } of schema) {
      const folded = foldName(name);
      const isUnknown = kind === 'virtual' && !isKnownModule(moduleOf(sql));
      if (isUnknown && !excluded.has(folded)) {
        this.warnings.push(`The virtual table ${name} needs a module that SQLite itself does not have; it is not in the dump.`);
      }
      const owner = kind === 'shadow' ? ownerOf(name, virtualTables) : undefined;
      if (kind === 'shadow' ? owner !== undefined && excluded.has(foldName(owner)) : isUnknown || excluded.has(folded))
        left.add(folded);
    }
    return schema.filter(({ type, name, owner }) => !left.has(foldName(type === 'table' || type === 'view' ? name : owner)));
  }

  private writeTable(object: SchemaObject): void {
    this.options.checkpoint();
    this.writeSql(object.sql);
    const before = this.rows;
    const output = {
      database: this.database,
      encoding: this.encoding,
      writer: this.writer,
      skipped: this.skipped,
      afterRows: (count: number) => {
        this.rows += count;
        this.options.checkpoint();
      },
    };
    writeRows(readTable(this.database, object.name), output, this.options.partner);
    if (object.kind === 'table') this.tables.push({ name: object.name, rows: this.rows - before });
  }

  private writeSequence(schema: readonly SchemaObject[]): void {
    const counted = schema.filter(({ kind, sql }) => kind === 'table' && /autoincrement/i.test(sql.toString()));
    if (counted.length === 0) return;
    this.writer.write('DELETE FROM sqlite_sequence;\n');
    const find = this.database.prepare<[string], string>('SELECT quote(seq) FROM sqlite_sequence WHERE name = ?').pluck();
    for (const { name } of counted) {
      const seq = find.get(name);
      if (seq !== undefined) this.writer.write(`INSERT INTO sqlite_sequence VALUES(${quoteText(name)},${seq});\n`);
    }
  }

  private writeObjects(schema: readonly SchemaObject[], type: 'index' | 'view' | 'trigger'): void {
    for (const object of schema) if (object.type === type) this.writeSql(object.sql);
  }

  /** As rows of the schema: their shadow tables are there already, and the reading SQLite need not know their options. */
  private writeVirtualTables(objects: readonly SchemaObject[]): void {
    if (objects.length === 0) return;
    this.writer.write('PRAGMA writable_schema=ON;\n');
    for (const { name, sql } of objects) {
      const quoted = quoteText(name);
      const values = `'table',${quoted},${quoted},0,${quoteText(sql.toString())}`;
      this.writer.write(`INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql)VALUES(${values});\n`);
      this.tables.push({ name, ...this.countVirtual(name) });
    }
    this.writer.write('PRAGMA writable_schema=OFF;\n');
  }

  private countVirtual(name: string): { rows?: number } {
    try {
      const rows = this.database
        .prepare<[], number>(`SELECT count(*) FROM main.${quoteName(name)}`)
        .pluck()
        .get();
      return rows === undefined ? {} : { rows };
    } catch (error) {
      if (codeOf(error) === 'SQLITE_CORRUPT_VTAB') {
        this.warnings.push(`The virtual table ${name} is damaged; it is in the dump as it is.`);
      } else if (!codeOf(error).startsWith('SQLITE_ERROR')) {
        throw error;
      }
      return {};
    }
  }

  /** Only sqlite_stat1: rows of sqlite_stat4 do not load where SQLite was built without it. */
  private writeStatistics(schema: readonly SchemaObject[]): void {
    const exists = this.database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'`).get() !== undefined;
    if (!exists) return;
    this.writer.write('ANALYZE sqlite_master;\n');
    const names = new Set(schema.map(({ name }) => foldName(name)));
    const rows = this.database.prepare<[], { tbl: string; line: string }>(
      `SELECT tbl, quote(tbl)||','||quote(idx)||','||quote(stat) AS line FROM sqlite_stat1 WHERE typeof(tbl) = 'text'`,
    );
    for (const { tbl, line } of rows.iterate()) {
      if (names.has(foldName(tbl))) this.writer.write(`INSERT INTO sqlite_stat1 VALUES(${line});\n`);
    }
  }

  private writeSql(sql: Buffer): void {
    this.writer.write(sql);
    this.writer.write(`${terminator(sql)}\n`);
  }

  private finish(schema: readonly SchemaObject[]): DumpedSql {
    const objects: Record<string, number> = {};
    for (const type of ['index', 'trigger', 'view']) {
      const count = schema.filter((object) => object.type === type).length;
      if (count > 0) objects[type] = count;
    }
    const tables = [...this.tables].sort((a, b) => (a.name < b.name ? -1 : 1));
    const contents = { tables, objects };
    const contentsAt = this.writer.sizeBytes;
    this.writer.write(contentsLine(contents));
    this.writer.write(endLine(contentsAt, this.digest()));
    return { contents, warnings: this.warnings, sha256: this.digest() };
  }

  /** The sha256 of all bytes so far, in hexadecimal. */
  private digest(): string {
    this.writer.flush();
    return this.hash.copy().digest('hex');
  }
}

/** What is wrong with the names in EXCLUDE: each that no table or view of `schema` has, or that cannot go alone. */
function excludeWarnings(schema: readonly SchemaObject[], exclude: readonly string[]): readonly string[] {
  const kinds = new Map(
    schema.filter(({ type }) => type === 'table' || type === 'view').map(({ name, kind }) => [foldName(name), kind]),
  );
  return exclude.flatMap((name) => {
    const kind = kinds.get(foldName(name));
    if (kind === undefined) return [`EXCLUDE names ${name}, but there is no such table.`];
    return kind === 'shadow' ? [`EXCLUDE names ${name}, which is a part of a virtual table and stays in the dump.`] : [];
  });
}

function moduleOf(sql: Buffer): string {
  const cursor = new Cursor(sql);
  if (!cursor.take('CREATE', 'VIRTUAL', 'TABLE')) return '';
  cursor.takeName();
  return cursor.take('USING') ? (cursor.takeName() ?? '') : '';
}

function ownerOf(shadow: string, virtualTables: readonly SchemaObject[]): string | undefined {
  const owners = virtualTables.filter(({ name }) => foldName(shadow).startsWith(`${foldName(name)}_`));
  return owners.sort((a, b) => b.name.length - a.name.length)[0]?.name;
}
