import type { Contents } from '../../../core/contents.ts';
import { BackupError } from '../../../core/errors.ts';
import { foldName, shadowNames } from './names.ts';
import { damaged, readChunks, readEndMark } from './mark.ts';
import { StatementSplitter } from './split.ts';
import { StatementReader, type DumpStatement } from './statements.ts';

/** How far the reading of a dump is. */
export interface ReadProgress {
  readonly bytes: number;
  readonly rows: number;
}

export interface ReadOptions {
  progress(done: ReadProgress): void;
  /** Called between statements; throws once the job is cancelled. */
  checkpoint(): void;
}

/** A statement of a dump with its number, from 1 on. What it holds is valid until the next one. */
export interface NumberedStatement {
  readonly number: number;
  readonly statement: DumpStatement;
}

/**
 * Reads a dump statement by statement, and gives what it holds when all of it was read.
 *
 * Errors: BackupError 'sqlite.statementRefused', 'dumps.truncated', 'dumps.damaged'. Everything before the fault has been given by then.
 */
export function* readDump(path: string, options: ReadOptions): Generator<NumberedStatement, Contents> {
  const mark = readEndMark(path);
  const counter = new ContentsCounter();
  const chunks = readChunks(path, mark, (bytes) => options.progress({ bytes, rows: counter.rows }));
  try {
    yield* readStatements(new StatementSplitter(chunks), counter, options);
  } finally {
    chunks.return();
  }
  const contents = counter.contents();
  if (mark !== undefined && !isSame(contents, mark.contents)) throw damaged('it does not hold what its end says');
  return mark?.contents ?? contents;
}

function* readStatements(
  splitter: StatementSplitter,
  counter: ContentsCounter,
  options: ReadOptions,
): Generator<NumberedStatement> {
  const reader = new StatementReader();
  let isEmpty = true;
  let transaction: 'none' | 'open' | 'closed' = 'none';
  for (let raw = splitter.next(); raw !== undefined; raw = splitter.next()) {
    options.checkpoint();
    isEmpty = false;
    const statement = reader.read(raw);
    if (transaction === 'closed') throw damaged('there are statements behind its COMMIT');
    if (statement.kind === 'begin') {
      if (transaction === 'open') throw damaged('it begins two transactions');
      transaction = 'open';
    }
    if (statement.kind === 'commit') transaction = 'closed';
    counter.count(statement);
    yield { number: raw.number, statement };
  }
  if (transaction === 'open') throw unusable('dumps.truncated', 'The dump is cut off: its COMMIT is missing.');
  if (isEmpty) throw unusable('dumps.empty', 'The dump holds no statement.');
}

function unusable(code: 'dumps.truncated' | 'dumps.empty', sentence: string): BackupError {
  return new BackupError(code, sentence, { hint: 'Use another dump.' });
}

/** Counts what the statements of a dump create, in the words of `Contents`. */
class ContentsCounter {
  rows = 0;
  private readonly tables = new Map<string, { name: string; rows: number | undefined }>();
  private readonly hidden = new Set<string>();
  private readonly objects = new Map<string, Set<string>>();

  count(statement: DumpStatement): void {
    if (statement.kind === 'insert') {
      this.rows += statement.rows;
      const table = this.tables.get(foldName(statement.table));
      if (table?.rows !== undefined) table.rows += statement.rows;
    } else if (statement.kind === 'virtualTable') {
      this.tables.set(foldName(statement.name), { name: statement.name, rows: undefined });
      for (const name of shadowNames(statement.name, statement.module)) this.hidden.add(name);
    } else if (statement.kind === 'create' && statement.type === 'table') {
      const folded = foldName(statement.name);
      if (!this.tables.has(folded)) this.tables.set(folded, { name: statement.name, rows: 0 });
    } else if (statement.kind === 'create') {
      const names = this.objects.get(statement.type) ?? new Set();
      this.objects.set(statement.type, names.add(foldName(statement.name)));
    }
  }

  contents(): Contents {
    const visible = [...this.tables].filter(([folded]) => !this.hidden.has(folded)).map(([, table]) => table);
    visible.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      tables: visible.map(({ name, rows }) => (rows === undefined ? { name } : { name, rows })),
      objects: Object.fromEntries([...this.objects].sort().map(([type, names]) => [type, names.size])),
    };
  }
}

/** Compares names and the numbers of rows that both sides know. */
function isSame(found: Contents, said: Contents): boolean {
  const rows = new Map(said.tables.map((table) => [table.name, table.rows]));
  return (
    found.tables.length === said.tables.length &&
    found.tables.every((table) => rows.has(table.name) && (table.rows === undefined || table.rows === rows.get(table.name))) &&
    JSON.stringify(found.objects) === JSON.stringify(said.objects)
  );
}
