import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Contents, TableCount } from '../../../core/contents.ts';
import { BackupError } from '../../../core/errors.ts';

/** First line of an SQL dump of ours. */
export const headLine = '-- Database Backup: SQLite dump, format 1\n';

const contentsMark = '-- contents ';
const endMark = /\n-- end of dump: contents at byte (\d{1,15}), sha256 ([0-9a-f]{64})\n$/;
const endMarkBytes = 256;

/** What the last two lines of our own dump say. `sha256` is of all bytes before the last line, which begins at `endAt`. */
export interface EndMark {
  readonly contents: Contents;
  readonly endAt: number;
  readonly sha256: string;
}

/** The line before the last: what the dump holds. */
export function contentsLine(contents: Contents): string {
  return `${contentsMark}${JSON.stringify(contents)}\n`;
}

/** The last line; without it a dump is cut off, even where the cut lies between two statements. */
export function endLine(contentsAt: number, sha256: string): string {
  return `-- end of dump: contents at byte ${contentsAt}, sha256 ${sha256}\n`;
}

/**
 * Reads head and end of a dump.
 *
 * Shape:  undefined for a dump that is not ours.
 * Errors: BackupError 'dumps.truncated' for one of ours without its end, 'dumps.damaged' for a broken end.
 */
export function readEndMark(path: string): EndMark | undefined {
  const file = openSync(path, 'r');
  try {
    const sizeBytes = fstatSync(file).size;
    if (readAt(file, 0, headLine.length) !== headLine) return undefined;
    const tail = readAt(file, Math.max(0, sizeBytes - endMarkBytes), endMarkBytes);
    const found = endMark.exec(tail);
    if (found === null) throw new BackupError('dumps.truncated', 'The dump is cut off: its end mark is missing.', { hint });
    const contentsAt = Number(found[1]);
    const endAt = sizeBytes - (found[0].length - 1);
    const contents = parseContents(readAt(file, contentsAt, endAt - contentsAt));
    return { contents, endAt, sha256: found[2] ?? '' };
  } finally {
    closeSync(file);
  }
}

/** An error for a dump whose bytes do not fit together. */
export function damaged(why: string): BackupError {
  return new BackupError('dumps.damaged', `The dump is damaged: ${why}.`, { hint });
}

const hint = 'Use another dump.';

// Not by zod: it would double the time in which the SQLite thread starts.
function parseContents(line: string): Contents {
  const { tables, objects } = parseObject(line.startsWith(contentsMark) ? line.slice(contentsMark.length) : '');
  if (!Array.isArray(tables) || !isObject(objects)) throw meaningless();
  const counts = Object.entries(objects).map(([type, count]): [string, number] => [type, countOf(count)]);
  return { tables: tables.map(parseTable), objects: Object.fromEntries(counts) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const found: unknown = JSON.parse(text);
    return isObject(found) ? found : {};
  } catch (error) {
    throw meaningless(error);
  }
}

function parseTable(table: unknown): TableCount {
  if (!isObject(table) || typeof table['name'] !== 'string') throw meaningless();
  const { name, rows } = table;
  return rows === undefined ? { name } : { name, rows: countOf(rows) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function countOf(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw meaningless();
  return value;
}

function meaningless(cause?: unknown): BackupError {
  return new BackupError('dumps.damaged', 'The dump is damaged: its end does not say what it holds.', { hint, cause });
}

function readAt(file: number, from: number, lengthBytes: number): string {
  const bytes = Buffer.alloc(Math.max(0, lengthBytes));
  const count = readSync(file, bytes, 0, bytes.length, from);
  return bytes.toString('utf8', 0, count);
}

/**
 * Reads a dump in pieces of 256 KiB, each valid until the next.
 *
 * Errors: BackupError 'dumps.damaged' at the end when the bytes before the end mark are not those that were written.
 */
export function* readChunks(
  path: string,
  mark: EndMark | undefined,
  onBytes: (doneBytes: number) => void,
): Generator<Buffer, void> {
  const file = openSync(path, 'r');
  const store = Buffer.allocUnsafe(1 << 18);
  const hash = createHash('sha256');
  try {
    let done = 0;
    for (;;) {
      const count = readSync(file, store, 0, store.length, done);
      if (count === 0) break;
      const chunk = store.subarray(0, count);
      if (mark !== undefined) hash.update(chunk.subarray(0, Math.max(0, mark.endAt - done)));
      done += count;
      onBytes(done);
      yield chunk;
    }
    if (mark !== undefined && hash.digest('hex') !== mark.sha256) throw damaged('its checksum is another one');
  } finally {
    closeSync(file);
  }
}
