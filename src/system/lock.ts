import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode, toDiskError } from '../core/diskError.ts';
import { BackupError } from '../core/errors.ts';
import { isGone, thisProcess } from './owner.ts';
import { makeDirectory } from './stateDirectory.ts';

/**
 * What is locked, for whom, and how long to wait for it.
 *
 * Shape: `key` is a target's `targetKey` or `directory:<real path>`. `label` names the locked thing and `purpose` the job that locks it
 * (`the restore of default`): whoever finds the lock taken reads both.
 * Units: milliseconds. Two that come at the same moment are told apart for a quarter of a second even when `waitMs` is 0.
 */
export interface LockRequest {
  readonly stateDirectory: string;
  readonly key: string;
  readonly label: string;
  readonly purpose: string;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

const heartbeatMs = 10_000;
const patienceMs = 300_000;

/**
 * Runs `body` while no one else on this machine holds the same key, in this process or another. What a killed process left is taken over.
 *
 * How: each contender makes a file of its own name, then looks who else has one; if anyone has, it withdraws. Nobody ever removes the file
 * of a living process, and names never come back, so that taking over cannot hit a new owner.
 * Errors: BackupError `job.busy`, naming the holder; `disk.*` when the state directory cannot be written.
 */
export async function withLock<Result>(request: LockRequest, body: () => Promise<Result>): Promise<Result> {
  const file = await acquire(request);
  const heartbeat = setInterval(() => void utimes(file, new Date(), new Date()).catch(() => undefined), heartbeatMs);
  heartbeat.unref();
  try {
    return await body();
  } finally {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  }
}

async function acquire(request: LockRequest): Promise<string> {
  const directory = join(request.stateDirectory, 'locks');
  const prefix = createHash('sha256').update(request.key).digest('hex').slice(0, 32);
  const until = performance.now() + Math.max(request.waitMs, 250);
  await makeDirectory(directory).catch((error: unknown) => {
    throw toDiskError(error, directory);
  });

  for (;;) {
    request.signal.throwIfAborted();
    const outcome = await tryOnce(directory, prefix, request);
    if (outcome.kind === 'acquired') return outcome.file;
    if (performance.now() > until) throw await busy(outcome.holder, request);
    await delay(10 + Math.random() * 40, undefined, { signal: request.signal }).catch(() => request.signal.throwIfAborted());
  }
}

type Outcome = { readonly kind: 'acquired'; readonly file: string } | { readonly kind: 'taken'; readonly holder: string };

async function tryOnce(directory: string, prefix: string, request: LockRequest): Promise<Outcome> {
  const before = await holderOf(directory, prefix, undefined);
  if (before !== undefined) return { kind: 'taken', holder: before };

  const name = `${prefix}.${(await thisProcess()).id}.${randomBytes(4).toString('hex')}`;
  const file = join(directory, name);
  try {
    await createLockFile(file, request);
    const holder = await holderOf(directory, prefix, name);
    if (holder === undefined) return { kind: 'acquired', file };
    await rm(file, { force: true });
    return { kind: 'taken', holder };
  } catch (error) {
    await rm(file, { force: true });
    throw toDiskError(error, directory);
  }
}

async function createLockFile(file: string, { label, purpose }: LockRequest): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify({ label, purpose, sinceUtc: new Date().toISOString() }));
  } finally {
    await handle.close();
  }
}

/** Path of a living owner's file for the same key, other than `own`; files of the dead are removed on the way. */
async function holderOf(directory: string, prefix: string, own: string | undefined): Promise<string | undefined> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(`${prefix}.`) && name !== own);
  const holders = await Promise.all(
    names.map(async (name) => ((await isStale(directory, name)) ? undefined : join(directory, name))),
  );
  return holders.find((holder) => holder !== undefined);
}

async function isStale(directory: string, name: string): Promise<boolean> {
  const file = join(directory, name);
  try {
    const silentForMs = Date.now() - (await stat(file)).mtimeMs;
    if (!(await isGone(name.split('.')[1] ?? '', silentForMs, patienceMs))) return false;
    await rm(file, { force: true });
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

async function busy(holder: string, request: LockRequest): Promise<BackupError> {
  const pid = /-([0-9]+)-[0-9]+\.[0-9a-f]+$/.exec(holder)?.[1] ?? 'unknown';
  const what = await readFile(holder, 'utf8').then(purposeOf, () => undefined);
  return new BackupError('job.busy', `${request.label} is in use by ${what ?? 'another job'} (process ${pid}).`, {
    hint: 'Wait until it ends or cancel it, then try again.',
  });
}

function purposeOf(text: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && 'purpose' in json && typeof json.purpose === 'string'
      ? json.purpose
      : undefined;
  } catch {
    // The holder is about to write it.
    return undefined;
  }
}
