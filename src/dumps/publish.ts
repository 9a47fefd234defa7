import { createHash } from 'node:crypto';
import { lstat, open } from 'node:fs/promises';
import { ChunkChannel } from '../core/chunkChannel.ts';
import { toDiskError } from '../core/diskError.ts';
import type { DumpFacts } from '../core/connector.ts';
import type { Contents } from '../core/contents.ts';
import { decode, encodeBytes, encodeFile, type Encoding } from './compression.ts';
import { prepareDirectory } from './directory.ts';
import { finishPublishing } from './finishPublishing.ts';
import { follow } from './follow.ts';
import { hashFile } from './hash.ts';
import { createGitignore, createPartial, removePartial, sweepPartials } from './partials.ts';
import { damagedDump, emptyDump } from './problems.ts';
import type { PublishedDump, PublishRequest, StoredDump, StreamedDump } from './publishRequest.ts';
import { openRegular } from './regularFile.ts';
import { together } from './together.ts';
import { writeBack, type WriteBack } from './writeBack.ts';

/**
 * Makes a dump and lists it only when it is whole: partial file, verification, sha256, fsync, exclusive final name, manifest.
 *
 * Errors: `disk.*`, known before `write` runs where they are there before; `dumps.empty`, `dumps.damaged`; what `write` and `verify` throw.
 * After any of them, and after a cancel, nothing is left; what a killed process leaves is swept by the next call.
 */
export async function publish(request: PublishRequest): Promise<PublishedDump> {
  const createdUtc = request.now().toISOString();
  const startedMs = performance.now();
  const partials: string[] = [];
  try {
    const places = await prepareDirectory(request);
    await sweepPartials(places.directory, request.owner);
    const newPartial = async (): Promise<string> => {
      const partial = await createPartial(places.directory, request.fileName(1), request.owner);
      partials.push(partial);
      return partial;
    };
    const stored = await newPartial();
    const { stream, compression } = request;
    const isStreamed = stream !== undefined && compression !== 'none';
    const plain = compression === 'none' || isStreamed ? stored : await newPartial();
    const manifest = await newPartial();
    await createGitignore(places, request.owner);

    const { dump, facts } = isStreamed
      ? await proveStream({ ...request, stream, compression }, stored)
      : compression === 'none' && request.follow !== undefined
        ? await proveGrowing({ ...request, follow: request.follow }, stored)
        : await proveFile(request, { plain, stored });
    if (plain !== stored) await removePartial(plain);
    const durationMs = Math.round(performance.now() - startedMs);
    return await request.withDirectoryLock(places.directory, () =>
      finishPublishing(request, { places, dump, manifest, facts, createdUtc, durationMs }),
    );
  } catch (error) {
    request.run.signal.throwIfAborted();
    throw toDiskError(error, request.directory);
  } finally {
    await Promise.all(partials.map(removePartial));
  }
}

/** A dump that holds what it has to, with what is known of it. */
interface Proven {
  readonly dump: StoredDump;
  readonly facts: DumpFacts;
}

async function proveFile(request: PublishRequest, paths: { readonly plain: string; readonly stored: string }): Promise<Proven> {
  const disk = request.compression === 'none' ? writeBack(paths.stored) : undefined;
  try {
    const facts = await request.write(paths.plain);
    request.run.signal.throwIfAborted();
    return await prove(request, paths, facts, disk);
  } finally {
    await disk?.end().catch(() => undefined);
  }
}

/** Verifies, hashes and compresses side by side, then makes the bytes outlast a power failure. */
async function prove(
  request: PublishRequest,
  { plain, stored }: { readonly plain: string; readonly stored: string },
  facts: DumpFacts,
  disk: WriteBack | undefined,
): Promise<Proven> {
  const { run, compression, about } = request;
  const plainBytes = (await lstat(plain)).size;
  const name = request.fileName(1);
  if (plainBytes === 0) throw emptyDump(name);

  let dump: StoredDump | undefined;
  let known = facts;
  await together(run.signal, [
    async () => {
      const contents = facts.proven === about.verification ? undefined : await request.verify?.(plain);
      if (contents !== undefined) known = await compared(name, facts, contents);
    },
    async (signal) => {
      const phase = compression === 'none' ? 'verifying' : 'compressing';
      const onBytes = (doneBytes: number): void => run.progress({ phase, doneBytes, totalBytes: plainBytes });
      if (compression === 'none') {
        const sha256 = facts.sha256 ?? (await hashFile(plain, { signal, onBytes })).sha256;
        dump = { path: plain, sizeBytes: plainBytes, plainBytes, sha256 };
      } else {
        const hash = about.verification === 'full' ? createHash('sha256') : undefined;
        const encoded = await encodeFile(plain, stored, { compression, plain: hash, signal }, onBytes);
        dump = { path: stored, plainBytes, ...encoded };
        if (hash !== undefined) await decodeAgain(name, dump, compression, hash.digest('hex'), signal);
        await syncFile(stored);
      }
    },
    // What was written plain is whole by now: the disk need not wait for the checks.
    async () => {
      if (disk === undefined) return;
      await disk.end();
      await syncFile(stored);
    },
  ]);
  if (dump === undefined || (await lstat(stored)).size !== dump.sizeBytes)
    throw damagedDump(name, 'it changed while it was checked');
  return { dump, facts: known };
}

/** Hashes and verifies a dump while it is written, where a pass afterwards would cost its time again. Its own failure counts before what a cut dump looks like. */
async function proveGrowing(
  { run, write, follow: verify, fileName }: PublishRequest & { readonly follow: StreamedDump['verify'] },
  path: string,
): Promise<Proven> {
  const name = fileName(1);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let contents: Contents | undefined;
  const writing = write(path);
  const disk = writeBack(path);
  const channel = new ChunkChannel();
  await together(run.signal, [
    // What is written is whole then: the disk need not wait for the checks.
    async () => {
      await writing.finally(() => disk.end());
      await syncFile(path);
    },
    async (signal) => {
      for await (const chunk of follow(path, writing, signal)) {
        sizeBytes += chunk.length;
        hash.update(chunk);
        await channel.send(chunk, signal);
      }
      await writing;
      if (sizeBytes === 0) throw emptyDump(name);
      channel.end();
    },
    async (signal) => void (contents = await verify(channel.until(signal))),
  ]);
  if (contents === undefined) throw damagedDump(name, 'it was not written to its end');
  const facts = await compared(name, await writing, contents);
  if ((await lstat(path)).size !== sizeBytes) throw damagedDump(name, 'it changed while it was checked');
  return { dump: { path, sizeBytes, plainBytes: sizeBytes, sha256: hash.digest('hex') }, facts };
}

/** Hashes, compresses and verifies while the dump is made. Its own failure counts before what a cut dump looks like. */
async function proveStream(
  {
    run,
    compression,
    stream,
    about,
    fileName,
  }: PublishRequest & { readonly compression: 'gzip' | 'zstd'; readonly stream: StreamedDump },
  stored: string,
): Promise<Proven> {
  const name = fileName(1);
  let plainBytes = 0;
  let encoded: Encoding | undefined;
  const hash = about.verification === 'full' ? createHash('sha256') : undefined;
  let contents: Contents | undefined;
  const { bytes, facts } = stream.start();
  facts.catch(() => undefined);
  const channel = new ChunkChannel();
  await together(run.signal, [
    async (signal) => {
      encoded = await encodeBytes(stored, { compression, plain: hash, signal }, async (take) => {
        for await (const chunk of bytes) {
          signal.throwIfAborted();
          plainBytes += chunk.length;
          await Promise.all([take(chunk), channel.send(chunk, signal)]);
        }
        await facts;
        if (plainBytes === 0) throw emptyDump(name);
        channel.end();
      });
    },
    async (signal) => void (contents = await stream.verify(channel.until(signal))),
  ]);
  if (encoded === undefined || contents === undefined) throw damagedDump(name, 'it was not written to its end');
  const known = await compared(name, await facts, contents);
  const dump = { path: stored, plainBytes, ...encoded };
  if (hash !== undefined) await decodeAgain(name, dump, compression, hash.digest('hex'), run.signal);
  await syncFile(stored);
  if ((await lstat(stored)).size !== dump.sizeBytes) throw damagedDump(name, 'it changed while it was checked');
  return { dump, facts: known };
}

async function decodeAgain(
  name: string,
  { path, sizeBytes }: StoredDump,
  compression: 'gzip' | 'zstd',
  plainSha256: string,
  signal: AbortSignal,
): Promise<void> {
  const { handle } = await openRegular(path);
  try {
    const hash = createHash('sha256');
    const pass = { signal, onBytes: () => undefined };
    const streams = { onStored: () => undefined, take: (chunk: Uint8Array) => void hash.update(chunk) };
    await decode({ handle, name, sizeBytes, compression }, pass, streams);
    if (hash.digest('hex') !== plainSha256) throw damagedDump(name, 'it does not unpack to what was packed');
  } finally {
    await handle.close();
  }
}

/** The dump must hold what the connector counted in the database under the same view, unless the connector itself says what to make of it. */
async function compared(name: string, facts: DumpFacts, found: Contents): Promise<DumpFacts> {
  if (facts.accept !== undefined) return facts.accept(found);
  const { contents: counted } = facts;
  const rows = new Map(found.tables.map((table) => [table.name, table.rows]));
  if (rows.size !== counted.tables.length)
    throw damagedDump(name, `it holds ${rows.size} tables instead of ${counted.tables.length}`);
  for (const table of counted.tables) {
    if (!rows.has(table.name)) throw damagedDump(name, 'a table is missing from it');
    const foundRows = rows.get(table.name);
    if (table.rows === undefined || foundRows === undefined || table.rows === foundRows) continue;
    throw damagedDump(name, `a table holds ${foundRows} rows instead of ${table.rows}`);
  }
  return facts;
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
