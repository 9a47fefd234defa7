import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, toDiskError } from '../core/diskError.ts';
import { signedText } from '../core/dumpManifest.ts';

const keyBytes = 32;

/** The key that proves "made here", or undefined where nothing was made yet. Reads only. */
export async function readOriginKey(stateDirectory: string): Promise<Uint8Array | undefined> {
  const key = await readFile(keyFile(stateDirectory)).catch(() => undefined);
  return key?.length === keyBytes ? key : undefined;
}

/**
 * The key that proves "made here"; made once, whoever comes first of several processes.
 *
 * Shape: 32 random bytes in `origin.key` (mode 0600) of the state directory. Errors: BackupError `disk.*`.
 */
export async function originKey(stateDirectory: string): Promise<Uint8Array> {
  const existing = await readOriginKey(stateDirectory);
  if (existing !== undefined) return existing;
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    await createKey(keyFile(stateDirectory));
  } catch (error) {
    throw toDiskError(error, stateDirectory);
  }
  const made = await readOriginKey(stateDirectory);
  if (made === undefined) throw new Error('origin.key cannot be read back.');
  return made;
}

/** The HMAC of a manifest without its `origin`. Shape: `json` as JSON.parse gives it; 64 hex digits. */
export function signature(key: Uint8Array, json: object): string {
  return createHmac('sha256', key).update(signedText(json)).digest('hex');
}

/** True when the manifest was signed with this key and not changed since. */
export function isSigned(key: Uint8Array, json: object, origin: string): boolean {
  const expected = Buffer.from(signature(key, json));
  const given = Buffer.from(origin);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

async function createKey(file: string): Promise<void> {
  const partial = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    const handle = await open(partial, 'wx', 0o600);
    try {
      await handle.writeFile(randomBytes(keyBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await linkOrReplace(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Where a whole key is there already, it stays; a cut one, and a file system without links, get the new one. */
async function linkOrReplace(partial: string, file: string): Promise<void> {
  try {
    await link(partial, file);
  } catch (error) {
    const whole = await readFile(file).then(
      (key) => key.length === keyBytes,
      () => false,
    );
    if (whole && systemCode(error) === 'EEXIST') return;
    await rename(partial, file);
  }
}

function keyFile(stateDirectory: string): string {
  return join(stateDirectory, 'origin.key');
}
