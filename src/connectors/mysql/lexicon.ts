export const lineFeed = 10;
export const space = 32;
export const exclamation = 33;
export const doubleQuote = 34;
export const hash = 35;
export const quote = 39;
export const open = 40;
export const close = 41;
export const star = 42;
export const dash = 45;
export const slash = 47;
export const backslash = 92;
export const backtick = 96;

/** Bytes that mean something among the values of an INSERT. */
export const dataStops = '\'"`#-/()';
/** Bytes that mean something elsewhere: also the first letters of DEFINER and VALUES. */
export const codeStops = `${dataStops}*DdVv`;

/** A table by byte: 0 for a byte that can be passed by. */
export function stops(delimiter: string, characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters + delimiter.slice(0, 1)) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Whether a text of capitals stands there, in whatever letters. */
export function isText(window: Buffer, at: number, text: string): boolean {
  const found = window.subarray(at, at + text.length).toString('latin1');
  return found.toUpperCase() === text;
}

/** A comment that means nothing to the server; those with a version in them are code. */
export function commentAt(window: Buffer, at: number): 'line' | 'block' | undefined {
  const [first, second, third = lineFeed] = window.subarray(at, at + 3);
  if (first === hash) return 'line';
  if (first === dash && second === dash && third <= space) return 'line';
  return first === slash && second === star && third !== exclamation && !isText(window, at, '/*M!') ? 'block' : undefined;
}

/** Text of which the bytes were kept one by one. */
export function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** A name without its quotes. */
export function unquoted(latin1 = ''): string {
  const text = utf8(latin1);
  const [first = ''] = text;
  return first === '`' || first === "'" ? text.slice(1, -1).replaceAll(first + first, first) : text;
}

/** The DEFINER of what a CREATE makes: user and host, each quoted or not. */
export const definerClause =
  /^DEFINER\s*=\s*(`(?:[^`]|``)*`|'(?:[^']|'')*'|[\w$]+)(?:\s*@\s*(`(?:[^`]|``)*`|'(?:[^']|'')*'|[\w.%$]+))?/i;
/** What a CREATE has before its DEFINER. */
export const beforeDefiner = /^\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:AGGREGATE\s+)?(?:ALGORITHM\s*=\s*\w+\s*)?$/i;

/** The table of an INSERT whose words go up to VALUES; undefined where it names a database too. */
export function insertTarget(latin1: string): string | undefined {
  const found = /^\s*(?:INSERT|REPLACE)\s+(?:\w+\s+)*?INTO\s+`((?:[^`]|``)+)`(?!\s*\.)/i.exec(utf8(latin1));
  return found?.[1]?.replaceAll('``', '`');
}
