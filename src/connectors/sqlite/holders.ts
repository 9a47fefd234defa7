import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Other processes that have the database or its journals open, as `name (pid)`.
 *
 * Shape: at most five. Empty where the system does not tell: anywhere but on Linux, and other users' processes.
 */
export function holdersOf(path: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  const files = new Set([path, `${path}-wal`, `${path}-journal`]);
  return namesIn('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid) && holdsOneOf(pid, files))
    .slice(0, 5)
    .map((pid) => `${commandName(pid)} (${pid})`);
}

function holdsOneOf(pid: string, files: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return namesIn(folder).some((fd) => {
    try {
      return files.has(readlinkSync(`${folder}/${fd}`));
    } catch {
      return false;
    }
  });
}

function commandName(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8')
      .trim()
      .replaceAll(/[^\w.:+-]/g, '?');
  } catch {
    return 'a process';
  }
}

// A process may end, or belong to somebody else, at any moment of the look.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
