import { Findings, type DumpScan, type Rows } from './findings.ts';
import {
  backslash,
  backtick,
  beforeDefiner,
  close,
  codeStops,
  commentAt,
  dash,
  dataStops,
  definerClause,
  doubleQuote,
  hash,
  insertTarget,
  isText,
  open,
  quote,
  slash,
  space,
  star,
  stops,
  unquoted,
  utf8,
} from './lexicon.ts';
import { damagedText, truncatedText } from './problems.ts';

type State = 'between' | 'code' | 'quoted' | 'line' | 'block' | 'rows';

/** A clause that is looked for must be in the window as a whole: the longest is a DEFINER with two quoted names of 4-byte characters. */
const lookahead = 2048;
const headLimit = 4096;

/**
 * Reads the text of a dump byte by byte, as the restoring client splits it, in memory of a few chunks.
 *
 * Errors: BackupError `dumps.damaged` for a raw NUL, `dumps.truncated` where the last statement or the end mark is missing.
 */
export class DumpScanner {
  readonly #rows: Rows;
  readonly #name: string;
  readonly #found: Findings;
  #state: State = 'between';
  #afterComment: State = 'between';
  #quote = 0;
  #hasEscapes = true;
  #delimiter: Buffer = Buffer.from(';');
  #code = stops(';', codeStops);
  #data = stops(';', dataStops);
  #window: Buffer = Buffer.alloc(0);
  #base = 0;
  #tail: Buffer = Buffer.alloc(0);
  #statementStart = 0;
  #head = '';
  #versionDepth = 0;
  #depth = 0;
  #inValues = false;
  #rowCount = 0;
  #insertInto: string | undefined;

  constructor(name: string, rows: Rows) {
    this.#name = name;
    this.#rows = rows;
    this.#found = new Findings(rows);
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.includes(0)) throw damagedText(this.#name, 'it holds a byte that no dump holds');
    this.#tail = Buffer.concat([this.#tail.subarray(-256), bytes.subarray(-256)]);
    const rest = this.#window.length;
    // Only what lies around the border of two chunks is copied together.
    this.#window = Buffer.concat([this.#window, bytes.subarray(0, lookahead)]);
    if (bytes.length > lookahead) {
      const passed = this.#advance(rest);
      this.#window = bytes.subarray(passed - rest);
    }
    this.#advance(Math.max(0, this.#window.length - lookahead));
    // Whoever gave the chunk may use its memory again.
    this.#window = Buffer.from(this.#window);
  }

  end(): DumpScan {
    this.#advance(this.#window.length);
    const isBetween = this.#state === 'between' || (this.#state === 'line' && this.#afterComment === 'between');
    const hasMark = /(?:^|\n)-- Dump completed[^\n]*\n$/.test(this.#tail.toString('latin1'));
    if (!isBetween || !hasMark) throw truncatedText(this.#name);
    return this.#found.scan();
  }

  /** Steps on until `stop` is passed; gives by how much. */
  #advance(stop: number): number {
    let at = 0;
    while (at < stop) at = this.#step(at, stop);
    at = Math.min(at, this.#window.length);
    this.#base += at;
    this.#window = this.#window.subarray(at);
    return at;
  }

  #step(at: number, stop: number): number {
    switch (this.#state) {
      case 'between':
        return this.#between(at, stop);
      case 'code':
        return this.#inValues ? this.#values(at, stop) : this.#words(at, stop);
      case 'quoted':
        return this.#string(at, stop);
      case 'line':
        return this.#to('\n', at);
      case 'block':
        return this.#to('*/', at);
      case 'rows':
        return this.#skip(at);
    }
  }

  /** Between statements: white space, comments, and the client's own DELIMITER lines. */
  #between(from: number, stop: number): number {
    let at = from;
    while (at < stop && (this.#window[at] ?? 0) <= space) at += 1;
    if (at >= stop) return at;
    if (isText(this.#window, at, '/*M!999999')) {
      this.#found.isSandboxed = true;
      return this.#comment('block', at + 2);
    }
    const comment = commentAt(this.#window, at);
    if (comment !== undefined) return this.#comment(comment, at);
    const delimiter = /^delimiter[ \t]+([^\s]{1,16})[^\n]*\n/i.exec(this.#window.subarray(at, at + 64).toString('latin1'));
    if (delimiter !== null) {
      const text = delimiter[1] ?? ';';
      this.#delimiter = Buffer.from(text, 'latin1');
      this.#code = stops(text, codeStops);
      this.#data = stops(text, dataStops);
      return at + delimiter[0].length;
    }
    this.#statementStart = this.#base + at;
    this.#state = 'code';
    return at;
  }

  /** The words of a statement, up to what ends it or means something in it. */
  #words(from: number, stop: number): number {
    const window = this.#window;
    for (let at = from; at < stop; at += 1) {
      const byte = window[at] ?? 0;
      if (this.#code[byte] === 0) continue;
      if (this.#isDelimiter(at)) return this.#endStatement(from, at);
      if (byte === quote || byte === doubleQuote || byte === backtick) return this.#openQuote(from, at, byte);
      if (byte === hash || byte === dash || byte === slash) {
        const opened = this.#openComment(from, at);
        if (opened !== undefined) return opened;
      } else if (byte === star && this.#versionDepth > 0 && window[at + 1] === slash) {
        this.#versionDepth -= 1;
        this.#keep(from, at, ' ');
        return at + 2;
      } else if (byte === open || byte === close) {
        this.#depth += byte === open ? 1 : -1;
      } else {
        const passed = this.#word(from, at);
        if (passed !== undefined) return passed;
      }
    }
    this.#keep(from, stop);
    return stop;
  }

  /** Two words matter: the DEFINER of a CREATE, and the VALUES after which an INSERT has its rows. */
  #word(from: number, at: number): number | undefined {
    if (this.#head.length > headLimit || /[\w$]/.test(String.fromCharCode(this.#window[at - 1] ?? space))) return undefined;
    if (this.#depth === 0 && isText(this.#window, at, 'VALUES')) {
      this.#keep(from, at, ' ');
      this.#insertInto = insertTarget(this.#head);
      this.#inValues = this.#insertInto !== undefined;
      if (this.#inValues && this.#rows === 'skipped' && this.#delimiter.toString() === ';') this.#state = 'rows';
      return at + 6;
    }
    if (!isText(this.#window, at, 'DEFINER')) return undefined;
    this.#keep(from, at);
    const clause = beforeDefiner.test(this.#head)
      ? definerClause.exec(this.#window.subarray(at, at + lookahead).toString('latin1'))
      : null;
    if (clause === null) {
      this.#head += 'DEFINER';
      return at + 7;
    }
    const account = `${unquoted(clause[1])}@${unquoted(clause[2])}`;
    const place = { start: this.#base + at, end: this.#base + at + clause[0].length };
    this.#found.addDefiner(account, place);
    return at + clause[0].length;
  }

  /** The rows of an INSERT, counted by their outer parentheses. */
  #values(from: number, stop: number): number {
    const window = this.#window;
    for (let at = from; at < stop; at += 1) {
      const byte = window[at] ?? 0;
      if (this.#data[byte] === 0) continue;
      if (byte === quote || byte === doubleQuote || byte === backtick) return this.#openQuote(from, at, byte);
      if (byte === open) {
        if (this.#depth === 0) this.#rowCount += 1;
        this.#depth += 1;
      } else if (byte === close) {
        this.#depth -= 1;
      } else if (this.#isDelimiter(at)) {
        return this.#endStatement(from, at);
      } else {
        const opened = this.#openComment(from, at);
        if (opened !== undefined) return opened;
      }
    }
    return stop;
  }

  #skip(at: number): number {
    const end = this.#window.indexOf(';\n', at);
    return end < 0 ? Math.max(at + 1, this.#window.length - 1) : this.#endStatement(at, end);
  }

  #openQuote(from: number, at: number, byte: number): number {
    this.#keep(from, at + 1);
    this.#state = 'quoted';
    this.#quote = byte;
    return at + 1;
  }

  #string(from: number, stop: number): number {
    const window = this.#window;
    const end = this.#quote;
    let at = from;
    while (at < stop) {
      const byte = window[at];
      if (byte === end) {
        this.#keep(from, at + 1);
        this.#state = 'code';
        return at + 1;
      }
      at += byte === backslash && end !== backtick && this.#hasEscapes ? 2 : 1;
    }
    this.#keep(from, at);
    return at;
  }

  #openComment(from: number, at: number): number | undefined {
    const version = /^\/\*M?!\d*/.exec(this.#window.subarray(at, at + 16).toString('latin1'));
    if (version !== null) {
      this.#versionDepth += 1;
      this.#keep(from, at, ' ');
      return at + version[0].length;
    }
    const comment = commentAt(this.#window, at);
    if (comment === undefined) return undefined;
    this.#keep(from, at, ' ');
    return this.#comment(comment, at);
  }

  #comment(kind: 'line' | 'block', at: number): number {
    this.#afterComment = this.#state;
    this.#state = kind;
    return kind === 'block' ? at + 2 : at;
  }

  #to(text: '\n' | '*/', at: number): number {
    const end = this.#window.indexOf(text, at);
    if (end < 0) return Math.max(at + 1, this.#window.length - 1);
    this.#state = this.#afterComment;
    return end + text.length;
  }

  #endStatement(from: number, at: number): number {
    this.#keep(from, at);
    this.#found.addStatement(this.#base + at - this.#statementStart);
    // The client splits by the mode that the server tells it.
    if (/^\s*SET\b.*\bsql_mode\s*=/is.test(this.#head)) this.#hasEscapes = !/NO_BACKSLASH_ESCAPES/i.test(this.#head);
    if (this.#insertInto === undefined) this.#found.addObject(utf8(this.#head));
    else this.#found.addRows(this.#insertInto, this.#rowCount);
    this.#state = 'between';
    this.#head = '';
    this.#insertInto = undefined;
    this.#inValues = false;
    this.#versionDepth = this.#depth = this.#rowCount = 0;
    return at + this.#delimiter.length;
  }

  #keep(from: number, to: number, then = ''): void {
    if (this.#inValues || this.#head.length > headLimit) return;
    this.#head += this.#window.subarray(from, Math.min(to, from + headLimit)).toString('latin1') + then;
  }

  #isDelimiter(at: number): boolean {
    if (this.#window[at] !== this.#delimiter[0]) return false;
    return this.#delimiter.length === 1 || this.#window.subarray(at, at + this.#delimiter.length).equals(this.#delimiter);
  }
}
