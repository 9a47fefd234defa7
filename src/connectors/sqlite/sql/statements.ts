import { BackupError } from '../../../core/errors.ts';
import { Cursor } from './cursor.ts';
import { readValues } from './insert.ts';
import { foldName, isInternalName, isKnownModule } from './names.ts';
import type { LargeLiteral, RawStatement } from './split.ts';

export type SchemaType = 'table' | 'index' | 'view' | 'trigger';

/**
 * A statement that a dump may hold.
 *
 * Shape: `sql` is the statement as written; from `nameAt` on it is what SQLite keeps behind `CREATE [UNIQUE] <type>`.
 * `virtualTable` is either written as such or as a row of `sqlite_schema`, as `sqlite3 .dump` does; `create` is its CREATE statement.
 * The rows of `sequence` are `values`, from the column list or the word VALUES on.
 */
export type DumpStatement =
  | {
      readonly kind: 'create';
      readonly type: SchemaType;
      readonly name: string;
      readonly sql: Buffer;
      readonly nameAt: number;
      readonly isUnique: boolean;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'virtualTable'; readonly name: string; readonly module: string; readonly create: string }
  | {
      readonly kind: 'insert';
      readonly table: string;
      readonly sql: Buffer;
      /** The rows begin here, behind the word VALUES. */
      readonly valuesAt: number;
      readonly rows: number;
      readonly usesCast: boolean;
      readonly large: readonly LargeLiteral[];
    }
  | { readonly kind: 'sequence'; readonly values: string }
  | { readonly kind: 'clearSequence' }
  | { readonly kind: 'analyze'; readonly scope: 'statistics' | 'everything' }
  | { readonly kind: 'pragma'; readonly name: 'user_version' | 'application_id'; readonly value: number }
  | { readonly kind: 'encoding'; readonly name: string }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' };

/** Says what a statement of a dump is, and lets nothing else pass: a dump is a program that somebody else may have written. */
export class StatementReader {
  /** `INSERT INTO "t" VALUES` of the statement before: most begin as their neighbour does. */
  private head: Buffer | undefined;
  private table = '';

  /**
   * Errors: BackupError 'sqlite.statementRefused' for a statement that is not in the list, 'dumps.damaged' for the ROLLBACK that
   * `sqlite3 .dump` writes when it could not read everything.
   */
  read(raw: RawStatement): DumpStatement {
    const { sql, large } = raw;
    if (sql.includes(0)) throw refused(raw, 'one with a NUL byte');
    const { head } = this;
    if (head !== undefined && sql.compare(head, 0, head.length, 0, Math.min(head.length, sql.length)) === 0) {
      const values = readValues(sql, head.length, large.length);
      if (values !== undefined) return { kind: 'insert', table: this.table, sql, valuesAt: head.length, large, ...values };
    }
    const statement = readKind(raw, new Cursor(sql));
    if (statement === undefined) throw refused(raw);
    if (statement.kind === 'insert') {
      this.head = Buffer.from(sql.subarray(0, statement.valuesAt));
      this.table = statement.table;
    }
    return statement;
  }
}

function readKind(raw: RawStatement, cursor: Cursor): DumpStatement | undefined {
  if (cursor.take('INSERT')) return readInsert(raw, cursor);
  if (raw.large.length > 0) return undefined;
  if (cursor.take('CREATE')) return readCreate(cursor);
  if (cursor.take('PRAGMA')) return readPragma(cursor);
  if (cursor.take('ANALYZE')) return readAnalyze(cursor);
  if (cursor.take('BEGIN')) {
    if (!cursor.take('IMMEDIATE') && !cursor.take('EXCLUSIVE')) cursor.take('DEFERRED');
    return readTransactionEnd(cursor, 'begin');
  }
  if (cursor.take('COMMIT') || cursor.take('END')) return readTransactionEnd(cursor, 'commit');
  if (cursor.take('ROLLBACK')) throw rolledBack();
  if (cursor.take('DELETE')) return readSequenceDelete(cursor);
  return cursor.take('UPDATE') ? readSequenceUpdate(cursor) : undefined;
}

function readTransactionEnd(cursor: Cursor, kind: 'begin' | 'commit'): DumpStatement | undefined {
  cursor.take('TRANSACTION');
  return cursor.isAtEnd ? { kind } : undefined;
}

function readCreate(cursor: Cursor): DumpStatement | undefined {
  const isUnique = cursor.take('UNIQUE');
  if (cursor.take('VIRTUAL')) return isUnique ? undefined : readVirtualTable(cursor);
  const type = readType(cursor, isUnique);
  if (type === undefined) return undefined;
  const ifNotExists = readIfNotExists(cursor);
  const nameAt = cursor.at;
  const name = cursor.takeName();
  if (name === undefined || isInternalName(name)) return undefined;
  // CREATE TABLE … AS SELECT would read; a dot would lead to another database.
  const isWhole = type === 'table' ? cursor.take('(') : !cursor.take('.');
  return isWhole ? { kind: 'create', type, name, sql: cursor.sql, nameAt, isUnique, ifNotExists } : undefined;
}

function readType(cursor: Cursor, isUnique: boolean): SchemaType | undefined {
  if (cursor.take('INDEX')) return 'index';
  if (isUnique) return undefined;
  if (cursor.take('TABLE')) return 'table';
  if (cursor.take('VIEW')) return 'view';
  return cursor.take('TRIGGER') ? 'trigger' : undefined;
}

function readIfNotExists(cursor: Cursor): boolean {
  return cursor.take('IF') && cursor.take('NOT', 'EXISTS');
}

/** From the word TABLE on. */
function readVirtualTable(cursor: Cursor): DumpStatement | undefined {
  if (!cursor.take('TABLE')) return undefined;
  readIfNotExists(cursor);
  const nameAt = cursor.at;
  const name = cursor.takeName();
  if (name === undefined || isInternalName(name) || !cursor.take('USING')) return undefined;
  const module = cursor.takeName();
  if (module === undefined || !isKnownModule(module)) return undefined;
  return { kind: 'virtualTable', name, module, create: `CREATE VIRTUAL TABLE ${cursor.sql.toString('utf8', nameAt)}` };
}

function readInsert(raw: RawStatement, cursor: Cursor): DumpStatement | undefined {
  if (cursor.take('OR') && !cursor.take('REPLACE')) return undefined;
  if (!cursor.take('INTO')) return undefined;
  const table = cursor.takeName();
  if (table === undefined) return undefined;
  const folded = foldName(table);
  if (folded === 'sqlite_schema' || folded === 'sqlite_master') return readSchemaRow(cursor);
  const listAt = cursor.at;
  if (cursor.take('(') && !passColumns(cursor)) return undefined;
  if (!cursor.take('VALUES')) return undefined;
  const valuesAt = cursor.at;
  const values = readValues(cursor.sql, valuesAt, raw.large.length);
  if (values === undefined) return undefined;
  if (folded === 'sqlite_sequence') {
    return raw.large.length === 0 ? { kind: 'sequence', values: cursor.sql.toString('utf8', listAt) } : undefined;
  }
  if (isInternalName(table) && !/^sqlite_stat[134]$/.test(folded)) return undefined;
  return { kind: 'insert', table, sql: raw.sql, valuesAt, large: raw.large, ...values };
}

/** The rest of a column list. */
function passColumns(cursor: Cursor): boolean {
  while (cursor.takeName() !== undefined) {
    if (cursor.take(')')) return true;
    if (!cursor.take(',')) return false;
  }
  return false;
}

/** `(type,name,tbl_name,rootpage,sql)VALUES('table','t','t',0,'CREATE VIRTUAL TABLE …')` and nothing else. */
function readSchemaRow(cursor: Cursor): DumpStatement | undefined {
  if (!cursor.take('(', 'TYPE', ',', 'NAME', ',', 'TBL_NAME', ',', 'ROOTPAGE', ',', 'SQL', ')', 'VALUES', '(')) return undefined;
  if (cursor.takeString() !== 'table' || !cursor.take(',')) return undefined;
  const name = cursor.takeString();
  if (name === undefined || !cursor.take(',') || cursor.takeString() !== name) return undefined;
  if (!cursor.take(',', '0', ',')) return undefined;
  const sql = cursor.takeString();
  if (sql === undefined || !cursor.take(')') || !cursor.isAtEnd) return undefined;
  const inner = new Cursor(Buffer.from(sql));
  const table = inner.take('CREATE', 'VIRTUAL') ? readVirtualTable(inner) : undefined;
  return table?.kind === 'virtualTable' && foldName(table.name) === foldName(name) ? table : undefined;
}

function readPragma(cursor: Cursor): DumpStatement | undefined {
  const name = cursor.takeName()?.toLowerCase();
  const isCall = cursor.take('(');
  if (!isCall && !cursor.take('=')) return undefined;
  const number = cursor.takeNumber();
  const value = number ?? cursor.takeName();
  if (value === undefined || (isCall && !cursor.take(')')) || !cursor.isAtEnd) return undefined;
  switch (name) {
    // A restore decides about both by itself.
    case 'foreign_keys':
    case 'writable_schema':
      return { kind: 'ignored' };
    case 'encoding':
      return { kind: 'encoding', name: value };
    case 'user_version':
    case 'application_id':
      return number !== undefined && Number.isInteger(Number(number))
        ? { kind: 'pragma', name, value: Number(number) }
        : undefined;
    case undefined:
    default:
      return undefined;
  }
}

function readAnalyze(cursor: Cursor): DumpStatement | undefined {
  const name = cursor.takeName();
  if (!cursor.isAtEnd) return undefined;
  const isStatistics = name !== undefined && /^sqlite_(schema|master)$/i.test(name);
  return { kind: 'analyze', scope: isStatistics ? 'statistics' : 'everything' };
}

function readSequenceDelete(cursor: Cursor): DumpStatement | undefined {
  const isSequence = cursor.take('FROM') && foldName(cursor.takeName() ?? '') === 'sqlite_sequence';
  return isSequence && cursor.isAtEnd ? { kind: 'clearSequence' } : undefined;
}

/** `sqlite_sequence SET seq=5 WHERE name='t'` */
function readSequenceUpdate(cursor: Cursor): DumpStatement | undefined {
  if (foldName(cursor.takeName() ?? '') !== 'sqlite_sequence' || !cursor.take('SET', 'SEQ', '=')) return undefined;
  const seq = cursor.takeNumber();
  if (seq === undefined || !cursor.take('WHERE', 'NAME', '=')) return undefined;
  const name = cursor.takeString();
  if (name === undefined || !cursor.isAtEnd) return undefined;
  return { kind: 'sequence', values: `VALUES('${name.replaceAll("'", "''")}',${seq})` };
}

function refused(raw: RawStatement, what?: string): BackupError {
  const begin = what ?? `“${excerpt(raw.sql)}”`;
  return new BackupError('sqlite.statementRefused', `Statement ${raw.number} of the dump is refused: ${begin}.`, {
    hint: 'A dump may create tables, indexes, views and triggers and insert rows. Nothing was changed.',
  });
}

/** The first words, without anything that could be taken for more than text. */
function excerpt(sql: Buffer): string {
  const words = sql.toString('utf8', 0, 200).match(/[A-Za-z_]+/g) ?? [];
  return words.slice(0, 4).join(' ').slice(0, 60);
}

function rolledBack(): BackupError {
  return new BackupError('dumps.damaged', 'The dump ends in ROLLBACK: the program that wrote it could not read everything.', {
    hint: 'Use another dump.',
  });
}
