import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { DumpFormat, VerificationLevel } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import type { Progress, Run } from '../../core/run.ts';
import { runStages } from '../../system/process.ts';
import { chooseTool, findTools, missingTool } from '../../system/tools.ts';
import { isArchive, readArchive } from './archive.ts';
import { dumpedOf } from './dumped.ts';
import { explainTool } from './failures.ts';
import { isPlainDump, PlainEntries, plainParts } from './plainDump.ts';
import { emptyDump } from '../dumpProblems.ts';

type Bytes = AsyncIterable<Uint8Array>;

const readOptions = { highWaterMark: 1_048_576 };

/**
 * pg_dump's custom format. Quick reads its list and the frame of every block; full also lets pg_restore decode all of it. While a dump is made, its
 * tool says how far it is.
 */
export const pgCustomFormat: DumpFormat = {
  id: 'pg-custom',
  unlistedTables: 'kept',
  sniff: isArchive,
  verify: (path, level, _workspace, run) =>
    verifyArchive(watched(createReadStream(path, readOptions), 'verifying', run), level, run),
  verifyStream: (bytes, level, _workspace, run) => verifyArchive(bytes, level, run),
};

/** SQL text of pg_dump, which says nothing while it writes that. Both levels read every line to the end mark. */
export const pgPlainFormat: DumpFormat = {
  id: 'pg-plain',
  unlistedTables: 'kept',
  isAppended: true,
  sniff: isPlainDump,
  verify: (path, _level, _workspace, run) => verifyPlain(watched(createReadStream(path, readOptions), 'verifying', run), run),
  verifyStream: (bytes, _level, _workspace, run) => verifyPlain(watched(bytes, 'dumping', run), run),
};

/** Says how many bytes have come. */
async function* watched(bytes: Bytes, phase: Progress['phase'], run: Run): AsyncGenerator<Uint8Array> {
  let doneBytes = 0;
  for await (const chunk of bytes) {
    doneBytes += chunk.length;
    run.progress({ phase, doneBytes });
    yield chunk;
  }
}

async function verifyArchive(bytes: Bytes, level: VerificationLevel, run: Run): Promise<Contents> {
  const onBytes = (): void => run.signal.throwIfAborted();
  if (level === 'quick') return dumpedOf((await readArchive(bytes, onBytes)).entries).contents;
  return decoded(bytes, run, async (passed) => dumpedOf((await readArchive(passed, onBytes)).entries).contents);
}

/** Reads the frame while pg_restore decodes what is in it, from one pass over the bytes. */
async function decoded(bytes: Bytes, run: Run, read: (bytes: Bytes) => Promise<Contents>): Promise<Contents> {
  const search = { path: process.env['PATH'] ?? '', platform: process.platform };
  const found = await findTools('pg_restore', search);
  if (found.length === 0) throw missingTool('pg_restore', search);
  const choice = chooseTool(found);
  if ('problem' in choice) throw choice.problem;
  const args = ['-f', process.platform === 'win32' ? 'NUL' : '/dev/null'];
  const call = { program: choice.tool.path, args, env: { LC_MESSAGES: 'C' }, secrets: [], inheritEnv: true, withoutParent: 'PG' };
  const input = new Readable({ highWaterMark: 1_048_576, read: () => wake() });
  let wake = (): void => undefined;
  input.once('close', () => wake());
  // pg_restore does not read what comes after the last row.
  input.on('error', () => undefined);
  const seen = { isEmpty: true };
  async function* passed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      seen.isEmpty = false;
      // A chunk is valid until the next one, and pg_restore may be behind.
      if (!input.destroyed && !input.push(Buffer.from(chunk)))
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      yield chunk;
    }
    input.push(null);
  }
  const stages = runStages([call], { stdin: { kind: 'stream', readable: input }, stdout: { kind: 'none' } }, run.signal);
  stages.catch(() => undefined);
  try {
    const contents = await read(passed());
    const end = await stages;
    if (!end.isSuccess) throw explainTool(end, 'pg_restore', 'the dump');
    return contents;
  } catch (error) {
    if (seen.isEmpty) input.push(null);
    input.destroy();
    await stages.catch(() => undefined);
    run.signal.throwIfAborted();
    throw seen.isEmpty ? emptyDump() : error;
  }
}

async function verifyPlain(bytes: Bytes, run: Run): Promise<Contents> {
  const seen = new PlainEntries();
  for await (const part of plainParts(bytes)) {
    run.signal.throwIfAborted();
    seen.see(part);
  }
  seen.end();
  return dumpedOf(seen.entries).contents;
}
