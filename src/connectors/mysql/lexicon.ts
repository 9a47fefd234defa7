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
