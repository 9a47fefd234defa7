import { closingQuote, isSpace, isWordByte } from './tokens.ts';

const bytes = {
  quote: 0x27,
  open: 0x28,
  close: 0x29,
  comma: 0x2c,
  plus: 0x2b,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  placeholder: 0x3f,
  e: 0x65,
  n: 0x6e,
  x: 0x78,
} as const;

// What writers of dumps use to spell a value that a plain literal cannot hold. None of it reads anything.
const words: ReadonlySet<string> = new Set(['NULL', 'CAST', 'AS', 'TEXT', 'UNISTR', 'REPLACE', 'CHAR']);

/** What the rows of an INSERT are made of. `usesCast`: at least one text is given in hexadecimal. */
export interface Values {
  readonly rows: number;
  readonly usesCast: boolean;
}

/**
 * Checks that `sql`, from behind the word VALUES on, holds literals only: no names, no other functions, no queries.
 *
 * Shape:  `placeholders` is how many `?` there must be. Undefined when anything else stands there.
 * Source: measured 2025-11: about 1 ns a byte, one twentieth of what SQLite needs to store the rows.
 */
export function readValues(sql: Buffer, from: number, placeholders: number): Values | undefined {
  let rows = 0;
  let depth = 0;
  let found = 0;
  let usesCast = false;
  for (let at = from; at < sql.length;) {
    const byte = sql[at] ?? 0;
    if (byte === bytes.quote) {
      at = closingQuote(sql, at + 1, bytes.quote) + 1;
    } else if (byte === bytes.comma || isSpace(byte) || byte === bytes.plus) {
      at += 1;
    } else if (byte === bytes.minus && sql[at + 1] !== bytes.minus) {
      at += 1;
    } else if (byte === bytes.open) {
      if (depth === 0) rows += 1;
      depth += 1;
      at += 1;
    } else if (byte === bytes.close && depth > 0) {
      depth -= 1;
      at += 1;
    } else if (isDigit(byte) || byte === bytes.dot) {
      at = numberEnd(sql, at);
    } else if (byte === bytes.placeholder) {
      found += 1;
      at += 1;
    } else if (isNull(sql, at)) {
      at += 4;
    } else if ((byte | 0x20) === bytes.x && sql[at + 1] === bytes.quote) {
      at = sql.indexOf(bytes.quote, at + 2) + 1;
    } else {
      const word = wordAt(sql, at);
      if (!words.has(word)) return undefined;
      usesCast ||= word === 'CAST';
      at += word.length;
    }
    if (at === 0) return undefined;
  }
  return depth === 0 && rows > 0 && found === placeholders ? { rows, usesCast } : undefined;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= bytes.zero && byte <= bytes.nine;
}

function isNull(sql: Buffer, at: number): boolean {
  if (((sql[at] ?? 0) | 0x20) !== bytes.n || isWordByte(sql[at + 4])) return false;
  return ((sql[at + 1] ?? 0) | 0x20) === 0x75 && ((sql[at + 2] ?? 0) | 0x20) === 0x6c && ((sql[at + 3] ?? 0) | 0x20) === 0x6c;
}

function wordAt(sql: Buffer, at: number): string {
  let end = at;
  while (isWordByte(sql[end]) && end - at < 16) end += 1;
  return sql.toString('latin1', at, end).toUpperCase();
}

/** Passes `12`, `1.5e-3` and `0x1F`. What sticks to them is not passed, and then it is no word that is known. */
function numberEnd(sql: Buffer, at: number): number {
  let end = at;
  while (isDigit(sql[end]) || sql[end] === bytes.dot) end += 1;
  const next = (sql[end] ?? 0) | 0x20;
  if (next === bytes.x) {
    end += 1;
    while (isWordByte(sql[end])) end += 1;
  } else if (next === bytes.e) {
    end += sql[end + 1] === bytes.plus || sql[end + 1] === bytes.minus ? 2 : 1;
    while (isDigit(sql[end])) end += 1;
  }
  return end;
}
