import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Gives a tool its secrets in a file (mode 0600) of the job's scratch folder, and removes it when `body` has ended, however it ended. */
export async function withSecretFile<Result>(
  scratch: string,
  text: string,
  body: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = join(scratch, `secret-${randomBytes(6).toString('hex')}`);
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  try {
    return await body(path);
  } finally {
    await rm(path, { force: true });
  }
}
