import { ByteReader } from './byteReader.ts';
import { damagedDump, emptyDump, truncatedDump } from '../dumpProblems.ts';

/** One object in a dump, as pg_dump names it: `tag` is its name, for constraints behind that of its table. */
export interface DumpedEntry {
  readonly description: string;
  readonly tag: string;
  readonly schema: string;
  readonly owner: string;
  /** Its SQL; of plain dumps only that of grants. */
  readonly definition: string;
}

/** An entry of an archive's list. `id` is what a list for `pg_restore -L` is made of. */
export interface ArchiveEntry extends DumpedEntry {
  readonly id: number;
  readonly hasData: boolean;
  readonly dependencies: readonly number[];
}

/** What an archive holds. `dataBytes` by the id of the entry, as they are stored. */
export interface Archive {
  /** 1014 for 1.14. */
  readonly version: number;
  readonly serverVersion: string;
  readonly entries: readonly ArchiveEntry[];
  readonly dataBytes: ReadonlyMap<number, number>;
}

const magic = Buffer.from('PGDMP');
const customFormat = 1;
const longestText = 64 * 1024 * 1024;
const mostEntries = 20_000_000;

/** True for the first bytes of pg_dump's custom format. */
export function isArchive(head: Uint8Array): boolean {
  return magic.equals(head.subarray(0, magic.length));
}

/**
 * Reads an archive to its last byte: its list, and the frame of every block of data, without unpacking what is in them.
 * `pg_restore -l` accepts an archive that is cut in half; this does not.
 *
 * Errors: `dumps.empty`, `dumps.truncated`, `dumps.damaged`. Source: pg_backup_archiver.c and pg_backup_custom.c, versions 1.12 to 1.16.
 */
export async function readArchive(bytes: AsyncIterable<Uint8Array>, onBytes: (position: number) => void): Promise<Archive> {
  const reader = new ByteReader(bytes);
  try {
    if (await reader.isAtEnd()) throw emptyDump();
    const { version, serverVersion, offsetBytes } = await readHead(reader);
    const count = await reader.int();
    if (count < 0 || count > mostEntries) throw damagedDump('its list has no sensible length');
    const entries: ArchiveEntry[] = [];
    for (let index = 0; index < count; index += 1) entries.push(await readEntry(reader, version, offsetBytes));
    const dataBytes = new Map<number, number>();
    while (!(await reader.isAtEnd())) {
      const start = reader.position;
      dataBytes.set(await readBlock(reader), reader.position - start);
      onBytes(reader.position);
    }
    if (entries.some(({ id, hasData }) => hasData && !dataBytes.has(id))) throw truncatedDump();
    return { version, serverVersion, entries, dataBytes };
  } finally {
    await reader.close();
  }
}

interface Head {
  /** 1014 for 1.14. */
  readonly version: number;
  readonly serverVersion: string;
  readonly offsetBytes: number;
}

async function readHead(reader: ByteReader): Promise<Head> {
  const start = await reader.take(magic.length);
  if (!magic.equals(start)) throw damagedDump('its beginning is not that of an archive');
  const [major = 0, minor = 0, , intBytes = 0, offsetBytes = 0, format = 0] = await reader.take(6);
  const version = major * 1000 + minor;
  if (version < 1012 || version > 1999 || intBytes < 1 || intBytes > 8 || offsetBytes > 16 || format !== customFormat)
    throw damagedDump('its beginning is not that of an archive that is known here');
  reader.intBytes = intBytes;
  if (version >= 1015) await reader.byte();
  else await reader.int();
  for (let part = 0; part < 7; part += 1) await reader.int();
  await reader.string(longestText);
  const serverVersion = (await reader.string(longestText)) ?? '';
  await reader.string(longestText);
  return { version, serverVersion, offsetBytes };
}

async function readEntry(reader: ByteReader, version: number, offsetBytes: number): Promise<ArchiveEntry> {
  const text = async (): Promise<string> => (await reader.string(longestText)) ?? '';
  const id = await reader.int();
  const hasData = (await reader.int()) !== 0;
  await text();
  await text();
  const tag = await text();
  const description = await text();
  await reader.int();
  const definition = await text();
  await text();
  await text();
  const schema = await text();
  await text();
  if (version >= 1014) await text();
  if (version >= 1016) await reader.int();
  const owner = await text();
  await text();
  const dependencies: number[] = [];
  for (;;) {
    const dependency = await reader.string(32);
    if (dependency === undefined) break;
    dependencies.push(Number(dependency));
  }
  await reader.skip(1 + offsetBytes);
  return { id, hasData, tag, description, definition, schema, owner, dependencies };
}

/** Skips one block of data and gives the id of its entry. Rows are chunks, large objects a list of them. */
async function readBlock(reader: ByteReader): Promise<number> {
  const kind = await reader.byte();
  const id = await reader.int();
  if (kind === 1) {
    await skipChunks(reader);
    return id;
  }
  if (kind !== 3) throw damagedDump('a block of data is of no known kind');
  while ((await reader.int()) !== 0) await skipChunks(reader);
  return id;
}

async function skipChunks(reader: ByteReader): Promise<void> {
  for (;;) {
    const length = reader.intNow() ?? (await reader.int());
    if (length === 0) return;
    if (length < 0) throw damagedDump('a block of data has a negative length');
    await reader.skip(length);
  }
}
