import { isUtf8 } from 'node:buffer';
import { decodeText, encodeText, type TextEncoding } from './encoding.ts';
import { tokenize, tokenText, type Token } from './tokens.ts';

/** A text in hexadecimal: the one form in which SQLite takes every text, a NUL or wrong UTF-8 in it included. */
export function hexText(bytes: Buffer): string {
  return `CAST(X'${bytes.toString('hex')}' AS TEXT)`;
}

/** `sql` with each string that is not UTF-8 in hexadecimal, so that it can pass through JavaScript. */
export function hexInvalidText(sql: Buffer): Buffer {
  return replaceTokens(sql, (token, bytes) => {
    if (token.kind !== 'string' || isUtf8(bytes)) return undefined;
    return hexText(Buffer.from(bytes.toString('latin1').slice(1, -1).replaceAll("''", "'"), 'latin1'));
  });
}

/**
 * `sql` with its texts in hexadecimal, which are bytes of a database in encoding `from`, rewritten for one in encoding `to`.
 *
 * Errors: undefined when one of them is no text in `from`, so that `to` has nothing to hold it.
 */
export function recodeHexText(sql: Buffer, from: TextEncoding, to: TextEncoding): Buffer | undefined {
  const lost: Token[] = [];
  const last: string[] = [];
  const recoded = replaceTokens(sql, (token, bytes) => {
    last.push(token.kind === 'blob' ? 'blob' : tokenText(sql, token).toUpperCase());
    if (last.length > 3) last.shift();
    if (last.join(' ') !== 'CAST ( blob') return undefined;
    const text = decodeText(Buffer.from(bytes.toString('latin1').slice(2, -1), 'hex'), from);
    if (text === undefined) lost.push(token);
    return `X'${encodeText(text ?? '', to).toString('hex')}'`;
  });
  return lost.length > 0 ? undefined : recoded;
}

function replaceTokens(sql: Buffer, replace: (token: Token, bytes: Buffer) => string | undefined): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (const token of tokenize(sql)) {
    const replacement = replace(token, sql.subarray(token.start, token.end));
    if (replacement === undefined) continue;
    parts.push(sql.subarray(done, token.start), Buffer.from(replacement));
    done = token.end;
  }
  return parts.length === 0 ? sql : Buffer.concat([...parts, sql.subarray(done)]);
}
