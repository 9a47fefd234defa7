import type { DumpedEntry } from './archive.ts';
import { PlainLexer, type Statement } from './plainLexer.ts';
import { emptyDump, truncatedDump } from '../dumpProblems.ts';

/** Whose lines these are, by the comment that pg_dump writes before each object. */
export interface Section {
  readonly description: string;
  readonly tag: string;
  readonly schema: string;
  readonly owner: string;
}

/** A line of SQL with its newline, latin1; or rows of a COPY, in pieces. `isFree`: no statement, quote or comment was open before it. */
export type PlainPart =
  | {
      readonly kind: 'sql';
      readonly text: string;
      readonly isFree: boolean;
      readonly ended: readonly Statement[];
      readonly section: Section | undefined;
    }
  | { readonly kind: 'rows'; readonly bytes: Buffer; readonly section: Section | undefined };

const firstLine = '-- PostgreSQL database dump';
const endMark = '-- PostgreSQL database dump complete';
const sectionLine = /^-- (Data for )?Name: (.*); Type: (.*?); Schema: (.*?); Owner: (.*?)(?:; Tablespace: .*)?\n$/s;
const newline = 10;

/** True for the first bytes of a plain dump. */
export function isPlainDump(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return text.startsWith(`--\n${firstLine}\n`);
}

/**
 * Takes a plain dump apart, in order and completely. A long line is held whole, rows are not. Rows are valid as long as the chunk that they came in.
 *
 * Errors: `dumps.empty`; `dumps.truncated` where the end mark is not the last that it says, or rows or a statement have no end.
 */
export async function* plainParts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<PlainPart> {
  const lexer = new PlainLexer();
  let rest: Buffer = Buffer.alloc(0);
  let section: Section | undefined;
  let inRows = false;
  let atLineStart = true;
  let isMarked = false;
  let isEmpty = true;
  let isLastBlank = false;

  for await (const chunk of bytes) {
    isEmpty = false;
    for (const piece of piecesOf(rest, chunk)) {
      let start = 0;
      for (;;) {
        if (inRows) {
          const end = endOfRows(piece, start, atLineStart);
          const stop = end ?? (piece.at(-1) === newline ? piece.length : Math.max(start, piece.length - 4));
          if (stop > start) {
            atLineStart = piece[stop - 1] === newline;
            yield { kind: 'rows', bytes: piece.subarray(start, stop), section };
          }
          start = stop;
          if (end === undefined) break;
          inRows = false;
        }
        const lineEnd = piece.indexOf(newline, start);
        if (lineEnd < 0) break;
        const text = piece.toString('latin1', start, lineEnd + 1);
        start = lineEnd + 1;
        const isFree = lexer.isBetweenStatements;
        if (isFree && text.startsWith('-- ')) section = sectionOf(text) ?? section;
        // The end of rows, and psql's own commands, are not SQL.
        const ended = isFree && text.startsWith('\\') ? [] : lexer.line(text);
        if (isFree && text.trimEnd() === endMark) isMarked = true;
        else if (isMarked && !/^(--)?\s*$|^\\unrestrict /.test(text)) isMarked = false;
        isLastBlank = text === '\n';
        yield { kind: 'sql', text, isFree, ended, section };
        inRows = ended.at(-1)?.takesRows === true;
        atLineStart = true;
      }
      rest = Buffer.from(piece.subarray(start));
    }
  }
  if (isEmpty) throw emptyDump();
  // pg_dump ends with an empty line.
  if (!isMarked || inRows || rest.length > 0 || !isLastBlank) throw truncatedDump();
}

/** A chunk behind the rest of the one before: only the line that goes over the border is copied. */
function piecesOf(rest: Buffer, chunk: Uint8Array): readonly Buffer[] {
  const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (rest.length === 0) return [whole];
  const border = whole.indexOf(newline) + 1;
  if (border === 0) return [Buffer.concat([rest, whole])];
  return [Buffer.concat([rest, whole.subarray(0, border)]), whole.subarray(border)];
}

/** Where the line `\.` begins; undefined where it is not there yet. */
function endOfRows(buffer: Buffer, start: number, atLineStart: boolean): number | undefined {
  const isMark = (at: number): boolean => /^\\\.\r?\n/.test(buffer.toString('latin1', at, at + 4));
  if (atLineStart && isMark(start)) return start;
  for (let at = buffer.indexOf('\n\\.', start, 'latin1'); at >= 0; at = buffer.indexOf('\n\\.', at + 1, 'latin1')) {
    if (isMark(at + 1)) return at + 1;
  }
  return undefined;
}

function sectionOf(line: string): Section | undefined {
  const found = sectionLine.exec(line);
  if (found === null) return undefined;
  const [, , tag, description = '', schema, owner] = found.map((part: string | undefined) =>
    Buffer.from(part ?? '', 'latin1').toString('utf8'),
  );
  return { description, tag: tag ?? '', schema: schema === '-' ? '' : (schema ?? ''), owner: owner ?? '' };
}

/** Collects what a plain dump holds while its parts pass by. */
export class PlainEntries {
  readonly entries: DumpedEntry[] = [];
  #section: Section | undefined;
  #definition = '';

  see(part: PlainPart): void {
    if (part.section !== this.#section) {
      this.end();
      this.#section = part.section;
    }
    if (part.kind === 'sql' && /ACL$/.test(part.section?.description ?? '')) this.#definition += part.text;
  }

  end(): void {
    if (this.#section !== undefined)
      this.entries.push({ ...this.#section, definition: Buffer.from(this.#definition, 'latin1').toString('utf8') });
    this.#definition = '';
    this.#section = undefined;
  }
}
