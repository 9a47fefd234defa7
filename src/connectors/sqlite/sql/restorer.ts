import { isUtf8 } from 'node:buffer';
import type { Database } from 'better-sqlite3';
import { BackupError } from '../../../core/errors.ts';
import { release } from '../../../core/memory.ts';
import { quoteName } from '../contents.ts';
import { codeOf } from '../failures.ts';
import { changeSchema, createObject, type CreateStatement } from './create.ts';
import { parseEncoding, type TextEncoding } from './encoding.ts';
import { InsertJoiner, type InsertStatement } from './insertBatch.ts';
import { hexInvalidText, recodeHexText } from './literals.ts';
import { foldName, isInternalName } from './names.ts';
import type { NumberedStatement } from './read.ts';
import { createSequence } from './sequence.ts';
import type { LargeLiteral } from './split.ts';
import type { DumpStatement } from './statements.ts';
import { Target } from './target.ts';

type VirtualTable = DumpStatement & { readonly kind: 'virtualTable' };

/** What has to wait until all rows are there: an index is built faster then, and a trigger must not see them. */
interface Waiting {
  readonly number: number;
  readonly statement: CreateStatement;
}

const waitingOrder = ['index', 'view', 'trigger'] as const;

/** Applies the statements of a dump to a database within the open transaction. */
export class Restorer {
  /** Folded names of the tables that the dump has created. */
  readonly created = new Set<string>();
  private readonly database: Database;
  private readonly target: Target;
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly virtualTables = new Map<string, { readonly number: number; readonly table: VirtualTable }>();
  private readonly joiner = new InsertJoiner();
  private dumpEncoding: TextEncoding = 'UTF-8';
  private encoding: TextEncoding;
  private mustAnalyze = false;

  constructor(database: Database) {
    this.database = database;
    this.target = new Target(database);
    this.encoding = encodingOf(database);
  }

  /** Errors: BackupError 'sqlite.statement' and 'sqlite.statementRefused'; what is no fault of the dump passes through. */
  apply({ number, statement }: NumberedStatement): void {
    if (statement.kind === 'insert') {
      this.insert(number, statement);
    } else {
      this.runJoined();
      translate(`Statement ${number}`, () => this.run(number, statement));
    }
  }

  /** Creates what had to wait. */
  finish(checkpoint: () => void): void {
    this.runJoined();
    for (const type of waitingOrder) {
      if (type === 'trigger') this.finishTables(checkpoint);
      for (const { number, statement } of [...this.waiting.values()].flat()) {
        if (statement.type !== type) continue;
        checkpoint();
        translate(`Statement ${number}`, () => this.createWaiting(type, statement));
      }
    }
  }

  /** Folded names of the tables that are there now. */
  get present(): ReadonlySet<string> {
    return new Set([...this.target.tables, ...this.created]);
  }

  private run(number: number, statement: Exclude<DumpStatement, InsertStatement>): void {
    switch (statement.kind) {
      case 'create':
        return statement.type === 'table' ? this.createTable(statement) : this.wait(number, statement);
      case 'virtualTable':
        return this.addVirtualTable(number, statement);
      case 'sequence':
      case 'clearSequence':
        return createSequence(this.database, statement, this.created);
      case 'analyze':
        if (statement.scope === 'everything') this.mustAnalyze = true;
        else this.database.exec('ANALYZE sqlite_schema');
        return;
      case 'pragma':
        this.database.pragma(`${statement.name} = ${statement.value}`);
        return;
      case 'encoding':
        return this.chooseEncoding(statement.name);
      case 'begin':
      case 'commit':
      case 'ignored':
        return;
    }
  }

  private createTable(statement: CreateStatement): void {
    const folded = foldName(statement.name);
    if (this.created.has(folded) && statement.ifNotExists) return;
    if (!this.created.has(folded)) this.target.clearTable(statement.name);
    createObject(this.database, statement);
    this.created.add(folded);
  }

  /** The original writes some objects more than once. */
  private wait(number: number, statement: CreateStatement): void {
    const key = `${statement.type} ${foldName(statement.name)}`;
    const earlier = this.waiting.get(key) ?? [];
    if (earlier.some((other) => other.statement.sql.equals(statement.sql))) return;
    this.waiting.set(key, [...earlier, { number, statement: { ...statement, sql: Buffer.from(statement.sql) } }]);
  }

  private createWaiting(type: 'index' | 'view' | 'trigger', statement: CreateStatement): void {
    const key = `${type} ${foldName(statement.name)}`;
    if (this.waiting.get(key)?.[0]?.statement === statement) this.target.clear(type, statement.name);
    createObject(this.database, statement);
    if (type === 'view') return;
    const owner = this.database
      .prepare<[string, string], string>('SELECT tbl_name FROM sqlite_schema WHERE type = ? AND name = ?')
      .pluck()
      .get(type, statement.name);
    const isOurs = owner !== undefined && (this.created.has(foldName(owner)) || this.waiting.has(`view ${foldName(owner)}`));
    if (!isOurs) throw refused(`would put a new ${type} on a table that it does not hold`);
  }

  private addVirtualTable(number: number, table: VirtualTable): void {
    const folded = foldName(table.name);
    if (this.virtualTables.has(folded) || this.created.has(folded)) throw refused('creates one table twice');
    this.target.clearTable(table.name);
    this.virtualTables.set(folded, { number, table });
  }

  /** Writes the virtual tables into the schema: the tables that hold their rows are there, so nothing may create them again. */
  private finishTables(checkpoint: () => void): void {
    for (const { number, table } of this.virtualTables.values()) {
      checkpoint();
      translate(`Statement ${number}`, () => this.writeVirtualTable(table));
    }
    if (this.virtualTables.size > 0) this.reloadSchema();
    for (const { number, table } of this.virtualTables.values()) {
      // Connects it, so that its module looks at its arguments and its tables.
      translate(`Statement ${number}`, () => this.database.prepare(`SELECT 1 FROM main.${quoteName(table.name)} LIMIT 0`).all());
      this.created.add(foldName(table.name));
    }
    this.target.checkTorn(this.created);
    if (this.mustAnalyze) this.database.exec('ANALYZE');
  }

  private writeVirtualTable({ name, create }: VirtualTable): void {
    const taken = this.database
      .prepare<[string]>(`SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type <> 'trigger'`)
      .get(name);
    if (taken !== undefined) throw refused('creates one table twice');
    changeSchema(this.database, () =>
      this.database
        .prepare<[string, string, string]>(
          `INSERT INTO sqlite_schema(type, name, tbl_name, rootpage, sql) VALUES('table', ?, ?, 0, ?)`,
        )
        .run(name, name, create),
    );
  }

  /** A new schema version makes this connection and all others read the schema again. */
  private reloadSchema(): void {
    const version = this.database.prepare<[], number>('PRAGMA schema_version').pluck().get() ?? 0;
    changeSchema(this.database, () => this.database.pragma(`schema_version = ${(version + 1) % 0x7fffffff}`));
  }

  private insert(number: number, statement: InsertStatement): void {
    const folded = foldName(statement.table);
    // The rows of a virtual table are in the tables behind it.
    if (this.virtualTables.has(folded)) return;
    const isStatistics = isInternalName(folded);
    if (isStatistics && this.database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(folded) === undefined) return;
    if (!isStatistics && !this.created.has(folded)) throw refused('inserts into a table that it does not create', number);
    if (this.joiner.add(number, statement)) return;
    this.runJoined();
    if (this.joiner.add(number, statement)) return;
    translate(`Statement ${number}`, () => {
      const text = this.readable(statement).toString();
      if (statement.large.length === 0) this.database.exec(text);
      else this.database.prepare(text).run(...statement.large.map((literal) => this.parameter(literal)));
    });
    for (const { bytes } of statement.large) release(bytes);
  }

  private runJoined(): void {
    const batch = this.joiner.take();
    if (batch === undefined) return;
    const { first, last } = batch;
    const what = first === last ? `Statement ${first}` : `One of the statements ${first} to ${last}`;
    translate(what, () => this.database.exec(this.readable(batch).toString()));
  }

  /** The statement in a form that passes through JavaScript unharmed. */
  private readable({ sql, usesCast }: { readonly sql: Buffer; readonly usesCast: boolean }): Buffer {
    if (usesCast && this.dumpEncoding !== this.encoding) {
      const recoded = recodeHexText(sql, this.dumpEncoding, this.encoding);
      if (recoded === undefined) throw this.unfit();
      return recoded;
    }
    if (isUtf8(sql)) return sql;
    if (this.encoding !== 'UTF-8') throw this.unfit();
    return hexInvalidText(sql);
  }

  private parameter({ kind, bytes }: LargeLiteral): Buffer | string {
    return kind === 'blob' || this.encoding === 'UTF-8' ? bytes : bytes.toString();
  }

  private unfit(): BackupError {
    return new BackupError('sqlite.statement', `The dump holds a text that is none in ${this.encoding}.`, {
      hint: 'Restore it into a new file.',
    });
  }

  /** Only an empty database can still take the encoding of the dump. */
  private chooseEncoding(name: string): void {
    const encoding = parseEncoding(name);
    if (encoding === undefined) throw refused('asks for an encoding that SQLite does not have');
    this.dumpEncoding = encoding;
    if (encoding !== this.encoding) this.database.pragma(`encoding = '${encoding}'`);
    this.encoding = encodingOf(this.database);
  }
}

function encodingOf(database: Database): TextEncoding {
  return parseEncoding(database.pragma('encoding', { simple: true })) ?? 'UTF-8';
}

function refused(what: string, number?: number): BackupError {
  const subject = number === undefined ? 'The dump' : `Statement ${number} of the dump`;
  return new BackupError('sqlite.statementRefused', `${subject} ${what}.`, { hint: 'Nothing was changed. Use another dump.' });
}

/** Turns SQLite's refusal of a statement into an error of ours; a full disk, a lock or a damaged target are not the statement's. */
function translate(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const isStatement = /^SQLITE_(ERROR|CONSTRAINT|MISMATCH|TOOBIG|RANGE)/.test(codeOf(error)) || error instanceof RangeError;
    if (!isStatement || !(error instanceof Error)) throw error;
    throw new BackupError('sqlite.statement', `${what} of the dump failed: ${harmless(error.message)}.`, {
      hint: 'Nothing was changed. Use another dump, or correct the statement.',
      cause: error,
    });
  }
}

/** SQLite's words without what could be taken for a link or for control characters. */
function harmless(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:"'=_-]+/gu, ' ').slice(0, 200);
}
