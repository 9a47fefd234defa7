import { BackupError } from '../../../core/errors.ts';
import { release } from '../../../core/memory.ts';
import { closingQuote, isSpace, isWordByte, tokenize, tokenText } from './tokens.ts';

/** A literal that was too long to stay in its statement: the decoded bytes, of text as UTF-8. */
export interface LargeLiteral {
  readonly kind: 'text' | 'blob';
  readonly bytes: Buffer;
}

/**
 * One statement of a dump.
 *
 * Shape: `sql` without the closing semicolon, valid until the next call; each literal of more than `largeBytes` in an INSERT
 * is a `?` there, in the order of `large`. `number` counts from 1.
 */
export interface RawStatement {
  readonly number: number;
  readonly sql: Buffer;
  readonly large: readonly LargeLiteral[];
}

const largeBytes = 1 << 20;
// better-sqlite3 takes statements of at most 2^29 - 24 bytes.
const longestBytes = (1 << 29) - 1024;

const semicolon = 0x3b;
const quote = 0x27;
const bracket = 0x5b;
const minus = 0x2d;
const slash = 0x2f;

const special = new Uint8Array(256);
for (const byte of Buffer.from(';\'"`[-/')) special[byte] = 1;

/**
 * Splits SQL into statements as SQLite's own shell does: aware of quotes, comments and bodies of triggers.
 *
 * Units:  holds the longest statement and the longest literal in memory, and no more.
 * Errors: BackupError 'dumps.truncated' when the text ends within a statement.
 */
export class StatementSplitter {
  private readonly chunks: Iterator<Buffer>;
  /** Bytes read and not yet passed, from `start` on; `at` is where reading goes on. */
  private live: Buffer = Buffer.alloc(0);
  private store: Buffer = Buffer.alloc(0);
  private start = 0;
  private at = 0;
  private count = 0;
  private parts: Buffer[] = [];
  private large: LargeLiteral[] = [];

  /** Each chunk is copied before the next is asked for. */
  constructor(chunks: Iterable<Buffer>) {
    this.chunks = chunks[Symbol.iterator]();
    this.more();
    if (this.live.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) this.at = 3;
  }

  /** The next statement; undefined at the end of the text. */
  next(): RawStatement | undefined {
    if (!this.findStart()) return undefined;
    this.parts = [];
    this.large = [];
    this.count += 1;
    let afterSemicolon = 0;
    for (;;) {
      const byte = this.nextSpecial();
      if (byte !== semicolon) {
        this.passSpecial(byte);
      } else if (this.endsHere(afterSemicolon)) {
        const rest = this.live.subarray(this.start, this.at);
        this.at += 1;
        return {
          number: this.count,
          sql: this.parts.length === 0 ? rest : Buffer.concat([...this.parts, rest]),
          large: this.large,
        };
      } else {
        this.at += 1;
        afterSemicolon = this.at - this.start;
      }
    }
  }

  /** Passes what stands between two statements. False at the end of the text. */
  private findStart(): boolean {
    for (;;) {
      const byte = this.live[this.at];
      this.start = this.at;
      if (byte === undefined) {
        if (!this.more()) return false;
      } else if (isSpace(byte) || byte === semicolon) {
        this.at += 1;
      } else if ((byte !== minus && byte !== slash) || !this.passComment()) {
        return true;
      }
    }
  }

  private nextSpecial(): number {
    for (;;) {
      const { live } = this;
      let { at } = this;
      while (at < live.length && special[live[at] ?? 0] === 0) at += 1;
      this.at = at;
      const byte = live[at];
      if (byte !== undefined) return byte;
      if (!this.more()) throw truncated();
    }
  }

  private passSpecial(byte: number): void {
    if (byte === bracket) this.passTo(']');
    else if (byte !== minus && byte !== slash) this.passQuoted(byte);
    else if (!this.passComment()) this.at += 1;
  }

  /** True when a comment begins here: it has been passed. One that the end of the text ends may be a line only. */
  private passComment(): boolean {
    if (this.at + 1 === this.live.length) this.more();
    const pair = this.live.toString('latin1', this.at, this.at + 2);
    if (pair !== '--' && pair !== '/*') return false;
    const isOutside = this.start === this.at;
    if (pair === '--' && isOutside) this.passLine();
    else this.passTo(pair === '--' ? '\n' : '*/', 2);
    return true;
  }

  private passLine(): void {
    for (;;) {
      const end = this.live.indexOf('\n', this.at);
      this.at = end < 0 ? this.live.length : end + 1;
      this.start = this.at;
      if (end >= 0 || !this.more()) return;
    }
  }

  private passTo(ending: string, skip = 1): void {
    for (let from = skip; ;) {
      const end = this.live.indexOf(ending, this.at + from);
      if (end >= 0) {
        this.at = end + ending.length;
        return;
      }
      from = Math.max(skip, this.live.length - this.at - ending.length);
      if (!this.more()) throw truncated();
    }
  }

  private passQuoted(mark: number): void {
    for (;;) {
      const close = closingQuote(this.live, this.at + 1, mark);
      // A quote at the end of what has been read may be the first of two.
      if (close >= 0 && close + 1 < this.live.length) {
        this.at = close + 1;
        return;
      }
      if (mark === quote && this.live.length - this.at > largeBytes && this.isInsert()) return this.takeLarge();
      if (this.more()) continue;
      if (close < 0) throw truncated();
      this.at = close + 1;
      return;
    }
  }

  private isInsert(): boolean {
    return this.parts.length > 0 || /^(insert|replace)\b/i.test(this.live.toString('latin1', this.start, this.start + 8));
  }

  /** Decodes the literal that begins here piece by piece and leaves a `?` for it. */
  private takeLarge(): void {
    const { live, at } = this;
    const isBlob = ((live[at - 1] ?? 0) | 0x20) === 0x78 && !isWordByte(live[at - 2]);
    this.parts.push(Buffer.from(live.subarray(this.start, isBlob ? at - 1 : at)), Buffer.from(isBlob ? '?' : 'CAST(? AS TEXT)'));
    this.at += 1;
    const pieces: Buffer[] = [];
    for (let isOpen = true; isOpen;) {
      this.start = this.at;
      const close = closingQuote(this.live, this.at, quote);
      if (close >= 0 && close + 1 === this.live.length && this.more()) continue;
      const length = (close < 0 ? this.live.length : close) - this.at;
      const end = this.at + (isBlob && close < 0 ? length - (length % 2) : length);
      pieces.push(decode(this.live.subarray(this.at, end), isBlob));
      this.at = close < 0 ? end : end + 1;
      this.start = this.at;
      isOpen = close < 0;
      if (isOpen && !this.more()) throw truncated();
    }
    this.large.push({ kind: isBlob ? 'blob' : 'text', bytes: join(pieces) });
  }

  /** True when the semicolon here ends the statement; within a trigger only one after `; END` does. */
  private endsHere(afterSemicolon: number): boolean {
    if (this.parts.length > 0) return true;
    const sql = this.live.subarray(this.start, this.at);
    if (afterSemicolon === 0) return !isTrigger(sql);
    const [first, second] = tokenize(sql, afterSemicolon);
    return first?.kind === 'word' && second === undefined && tokenText(sql, first).toUpperCase() === 'END';
  }

  private more(): boolean {
    const next = this.chunks.next();
    if (next.done === true) return false;
    const keptBytes = this.live.length - this.start;
    const lengthBytes = keptBytes + next.value.length;
    if (lengthBytes > longestBytes) throw tooLong(this.count);
    const isLarger = lengthBytes > this.store.length;
    const store = isLarger ? Buffer.allocUnsafe(Math.min(longestBytes, 2 * lengthBytes)) : this.store;
    this.live.copy(store, 0, this.start);
    next.value.copy(store, keptBytes);
    this.store = store;
    this.live = store.subarray(0, lengthBytes);
    this.at -= this.start;
    this.start = 0;
    return true;
  }
}

function isTrigger(sql: Buffer): boolean {
  // Asked for every INSERT, and a C begins none.
  if (((sql[0] ?? 0) | 0x20) !== 0x63) return false;
  const words: string[] = [];
  for (const token of tokenize(sql)) {
    words.push(tokenText(sql, token).toUpperCase());
    if (words.length === 3) break;
  }
  return words[0] === 'CREATE' && (words[1] === 'TRIGGER' || (/^TEMP(ORARY)?$/.test(words[1] ?? '') && words[2] === 'TRIGGER'));
}

function decode(piece: Buffer, isBlob: boolean): Buffer {
  if (!isBlob) return singleQuotes(piece);
  const bytes = Buffer.from(piece.toString('latin1'), 'hex');
  if (bytes.length * 2 !== piece.length) {
    throw new BackupError('dumps.damaged', 'The dump holds a BLOB that is not hexadecimal.', { hint: 'Use another dump.' });
  }
  return bytes;
}

/** Without strings, which would pile up as garbage. */
function singleQuotes(piece: Buffer): Buffer {
  const decoded = Buffer.allocUnsafeSlow(piece.length);
  let length = 0;
  for (let at = 0; at < piece.length; at += 1) {
    const byte = piece[at] ?? 0;
    decoded[length] = byte;
    length += 1;
    if (byte === quote) at += 1;
  }
  return decoded.subarray(0, length);
}

/** As `Buffer.concat`, but each piece is gone as soon as it is copied. */
function join(pieces: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    at += piece.copy(whole, at);
    release(piece);
  }
  return whole;
}

function truncated(): BackupError {
  return new BackupError('dumps.truncated', 'The dump ends within a statement.', { hint: 'Use another dump.' });
}

function tooLong(number: number): BackupError {
  return new BackupError('dumps.tooLarge', `Statement ${number} of the dump is longer than SQLite can read.`, {
    hint: 'Split it into several statements.',
  });
}
