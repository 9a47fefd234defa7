import { readFileSync } from 'node:fs';

/** A file in a zip archive. `sizeBytes` is its size when unpacked. */
export interface ZipEntry {
  readonly path: string;
  readonly sizeBytes: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/**
 * Lists a zip archive from its central directory.
 *
 * Errors: an Error when the file has none. Archives with a comment or beyond 4 GiB are not understood.
 * Source: PKWARE's APPNOTE.TXT, sections 4.3.12 and 4.3.16.
 */
export function zipEntries(file: string): ZipEntry[] {
  const bytes = readFileSync(file);
  const end = bytes.length - 22;
  if (bytes.readUInt32LE(end) !== endSignature) throw new Error(`${file} is no zip archive.`);
  const entries: ZipEntry[] = [];
  let position = bytes.readUInt32LE(end + 16);
  while (position < end && bytes.readUInt32LE(position) === entrySignature) {
    const nameEnd = position + 46 + bytes.readUInt16LE(position + 28);
    entries.push({ path: bytes.toString('utf8', position + 46, nameEnd), sizeBytes: bytes.readUInt32LE(position + 24) });
    position = nameEnd + bytes.readUInt16LE(position + 30) + bytes.readUInt16LE(position + 32);
  }
  return entries;
}
