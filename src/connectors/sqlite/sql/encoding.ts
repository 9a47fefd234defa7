/** How a database keeps its text, in the words of `PRAGMA encoding`. */
export type TextEncoding = 'UTF-8' | 'UTF-16le' | 'UTF-16be';

const strict = {
  'UTF-8': new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }),
  'UTF-16le': new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }),
  'UTF-16be': new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }),
};

/** The encoding that `name` means; undefined for a name that SQLite does not know. */
export function parseEncoding(name: unknown): TextEncoding | undefined {
  switch (String(name).toLowerCase().replace('-', '')) {
    case 'utf8':
      return 'UTF-8';
    case 'utf16le':
      return 'UTF-16le';
    case 'utf16be':
      return 'UTF-16be';
    default:
      return undefined;
  }
}

/** The text that `bytes` are; undefined when they are none in that encoding. */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding): string | undefined {
  try {
    return strict[encoding].decode(bytes);
  } catch {
    return undefined;
  }
}

export function encodeText(text: string, encoding: TextEncoding): Buffer {
  if (encoding === 'UTF-8') return Buffer.from(text);
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'UTF-16le' ? bytes : bytes.swap16();
}
