import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installExtensions } from '../../scripts/codeServer.ts';

const dayMs = 24 * 60 * 60 * 1000;
const cache = fileURLToPath(new URL('../../out/extensions', import.meta.url));

/**
 * Installs packages as a user would and returns the extensions folder.
 *
 * Shape: the same packages, byte for byte, are installed once and share the folder from then on.
 */
export function installedExtensions(packages: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of packages) hash.update(readFileSync(file));
  const folder = join(cache, hash.digest('hex').slice(0, 16));
  // VS Code keeps absolute paths in there, so the folder can't be made elsewhere and moved: a mark says that it is whole.
  const mark = join(folder, 'installed');
  if (existsSync(mark)) return folder;
  removeOld();
  const scratch = mkdtempSync(join(tmpdir(), 'dbbackup-install-'));
  try {
    installExtensions({ folder: scratch, extensionsFolder: folder }, packages);
    writeFileSync(mark, '');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

/** A window of another run may still show a folder of today. */
function removeOld(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    if (Date.now() - statSync(folder).mtimeMs > dayMs) rmSync(folder, { recursive: true, force: true });
  }
}
