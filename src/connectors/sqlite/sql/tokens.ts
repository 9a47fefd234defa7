/** `quoted` is a name in `"…"`, `[…]` or backquotes; `open` is a quote that nothing closes. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'blob' | 'number' | 'symbol' | 'open';

/** A token of SQL: the bytes from `start` to `end`, quotes included. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

const newline = 0x0a;
const doubleQuote = 0x22;
const quote = 0x27;
const minus = 0x2d;
const dot = 0x2e;
const slash = 0x2f;
const star = 0x2a;
const bracket = 0x5b;
const backquote = 0x60;

const kinds = new Uint8Array(256);
const space = 1;
const letter = 2;
const digit = 3;
for (const byte of [0x09, newline, 0x0c, 0x0d, 0x20]) kinds[byte] = space;
for (let byte = 0x80; byte < 256; byte += 1) kinds[byte] = letter;
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_')) kinds[byte] = letter;
for (const byte of Buffer.from('0123456789')) kinds[byte] = digit;

export function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && kinds[byte] === space;
}

/** True for the bytes of names and keywords: letters, digits, `_`, `$` and everything beyond ASCII. */
export function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && (kinds[byte] === letter || kinds[byte] === digit || byte === 0x24);
}

/** The tokens of `sql` from `from` on, without blanks and comments. Source: https://sqlite.org/lang.html, as its tokenizer reads. */
export function* tokenize(sql: Buffer, from = 0): Generator<Token> {
  for (let at = skipBlank(sql, from); at < sql.length;) {
    const token = readToken(sql, at);
    yield token;
    at = skipBlank(sql, token.end);
  }
}

/** Where the blanks and comments that begin at `at` end. */
export function skipBlank(sql: Buffer, at: number): number {
  let next = at;
  for (;;) {
    while (isSpace(sql[next])) next += 1;
    if (!beginsComment(sql, next)) return next;
    next = commentEnd(sql, next) ?? sql.length;
  }
}

function beginsComment(sql: Buffer, at: number): boolean {
  return (sql[at] === minus && sql[at + 1] === minus) || (sql[at] === slash && sql[at + 1] === star);
}

/** The end of the comment that begins at `at`; undefined when nothing closes it. */
function commentEnd(sql: Buffer, at: number): number | undefined {
  const end = sql[at] === minus ? sql.indexOf(newline, at) : sql.indexOf('*/', at + 2);
  if (end < 0) return undefined;
  return sql[at] === minus ? end + 1 : end + 2;
}

function readToken(sql: Buffer, at: number): Token {
  const first = sql[at] ?? 0;
  if (first === quote || first === doubleQuote || first === backquote) {
    return quoted(first === quote ? 'string' : 'quoted', at, closingQuote(sql, at + 1, first));
  }
  if (first === bracket) return quoted('quoted', at, sql.indexOf(']', at));
  if ((first | 0x20) === 0x78 && sql[at + 1] === quote) return quoted('blob', at, sql.indexOf(quote, at + 2));
  if (kinds[first] === digit || (first === dot && kinds[sql[at + 1] ?? 0] === digit)) {
    return { kind: 'number', start: at, end: numberEnd(sql, at) };
  }
  if (!isWordByte(first)) return { kind: 'symbol', start: at, end: at + 1 };
  let end = at + 1;
  while (isWordByte(sql[end])) end += 1;
  return { kind: 'word', start: at, end };

  function quoted(kind: TokenKind, start: number, close: number): Token {
    return close < 0 ? { kind: 'open', start, end: sql.length } : { kind, start, end: close + 1 };
  }
}

/** The quote that closes the text whose content begins at `at`, doubled ones passed over; -1 when there is none. */
export function closingQuote(sql: Buffer, at: number, mark: number): number {
  let close = indexOfByte(sql, mark, at);
  while (close >= 0 && sql[close + 1] === mark) close = indexOfByte(sql, mark, close + 2);
  return close;
}

/** As `indexOf`, but a near byte is found without the price of a native call: most literals are short. */
function indexOfByte(bytes: Buffer, wanted: number, from: number): number {
  const near = Math.min(from + 64, bytes.length);
  for (let at = from; at < near; at += 1) if (bytes[at] === wanted) return at;
  return near < bytes.length ? bytes.indexOf(wanted, near) : -1;
}

/** The end of a number; anything that sticks to it is taken along, for SQLite to refuse. */
function numberEnd(sql: Buffer, at: number): number {
  let end = at;
  for (;;) {
    const byte = sql[end];
    const last = sql[end - 1] ?? 0;
    const isSign = (byte === minus || byte === 0x2b) && end > at && (last | 0x20) === 0x65 && sql[at + 1] !== 0x78;
    if (!isWordByte(byte) && byte !== dot && !isSign) return end;
    end += 1;
  }
}

/** What must follow `sql` so that a statement ends there: a comment at its end may still be open. */
export function terminator(sql: Buffer): ';' | '\n;' | '*/;' {
  let end = 0;
  for (const token of tokenize(sql)) end = token.end;
  for (let at = end; at < sql.length;) {
    while (isSpace(sql[at])) at += 1;
    if (!beginsComment(sql, at)) return ';';
    const close = commentEnd(sql, at);
    if (close === undefined) return sql[at] === minus ? '\n;' : '*/;';
    at = close;
  }
  return ';';
}

/** The text that a token stands for: a name or string without its quotes, anything else as written. */
export function tokenText(sql: Buffer, token: Token): string {
  const text = sql.toString('utf8', token.start, token.end);
  if (token.kind !== 'string' && token.kind !== 'quoted') return text;
  const mark = text.charAt(0);
  const inner = text.slice(1, -1);
  return mark === '[' ? inner : inner.replaceAll(mark + mark, mark);
}
