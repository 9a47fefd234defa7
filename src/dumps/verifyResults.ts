import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toDiskError } from '../core/diskError.ts';
import { uncompiled } from '../core/parsing.ts';
import { verifyResultSchema, type VerifyResult } from '../core/verifyResult.ts';
import { realPath } from './targets.ts';

/** Which bytes a result of Verify is about. Shape: `file` is a real path. */
export type FileStamp = Pick<VerifyResult, 'file' | 'sizeBytes' | 'mtimeMs'>;

/** The stamp of a dump as it is now; take it before the dump is opened. Undefined when the file is not there. */
export async function fileStamp(file: string): Promise<FileStamp | undefined> {
  const found = await lstat(file).catch(() => undefined);
  return found === undefined ? undefined : { file: await realPath(file), sizeBytes: found.size, mtimeMs: found.mtimeMs };
}

/** Keeps what a Verify found about the file that `stamp` describes. Errors: BackupError `disk.*`. */
export async function recordResult(
  stateDirectory: string,
  stamp: FileStamp,
  found: Pick<VerifyResult, 'state' | 'problem' | 'sha256'>,
): Promise<void> {
  const { state, problem, sha256 } = found;
  const directory = join(stateDirectory, 'verified');
  const file = join(directory, resultName(stamp.file));
  const partial = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await writeFile(partial, JSON.stringify({ ...stamp, state, problem, sha256 }), { flag: 'wx', mode: 0o600 });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw toDiskError(error, directory);
  }
}

/** Looks the result for a file up; undefined when there is none, or when the file has changed since. */
export type ResultLookup = (stamp: FileStamp) => Promise<VerifyResult | undefined>;

/** Prepares look-ups for many files: those without a result cost nothing. Never fails. */
export async function readResults(stateDirectory: string): Promise<ResultLookup> {
  const directory = join(stateDirectory, 'verified');
  const names = new Set(await readdir(directory).catch(() => []));
  return async (stamp) => {
    const name = resultName(stamp.file);
    if (!names.has(name)) return undefined;
    const result = await readFile(join(directory, name), 'utf8').then(parsed, () => undefined);
    const isSame = result?.file === stamp.file && result.sizeBytes === stamp.sizeBytes && result.mtimeMs === stamp.mtimeMs;
    return isSame ? result : undefined;
  };
}

/** The result for one file. */
export async function resultFor(stateDirectory: string, stamp: FileStamp): Promise<VerifyResult | undefined> {
  return (await readResults(stateDirectory))(stamp);
}

/** Forgets what was found about a file that is being deleted. Shape: `file` is a real path. Never fails. */
export async function forgetResult(stateDirectory: string, file: string): Promise<void> {
  await rm(join(stateDirectory, 'verified', resultName(file)), { force: true }).catch(() => undefined);
}

function resultName(file: string): string {
  return `${createHash('sha256').update(file).digest('hex').slice(0, 40)}.json`;
}

function parsed(text: string): VerifyResult | undefined {
  try {
    return verifyResultSchema.safeParse(JSON.parse(text), uncompiled).data;
  } catch {
    // Cut by a full disk: as if it had never been written.
    return undefined;
  }
}
