import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** How long a cancelled program may take to end by itself before it is killed. Units: ms. */
export const graceMs = 1500;

/** What is kept of a program’s standard error: its end. Units: bytes. */
export const stderrLimit = 64 * 1024;

/** The variable by which the processes of one call are found again, whatever group they have moved to. */
export const markerVariable = 'DBBACKUP_CALL';

/** A group is signalled by its leader's negative id; Windows has none and ends the tree of the program at once. */
export function signalGroup(pid: number | undefined, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' }).on('error', () => undefined);
    return;
  }
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended already.
  }
}

/** Kills every process that carries the marker. Linux only: elsewhere there are no environments to read. */
export function killMarked(marker: string): void {
  if (process.platform !== 'linux') return;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid))) {
    try {
      if (readFileSync(`/proc/${id}/environ`, 'latin1').includes(`${markerVariable}=${marker}`))
        process.kill(Number(id), 'SIGKILL');
    } catch {
      // It has ended, or is another user's.
    }
  }
}

let lifelineWords: Promise<readonly string[]> | undefined;

/** Words before a program that make it end with us, even when we are killed. Source: setpriv(1), which busybox has without this option. */
export function lifeline(): Promise<readonly string[]> {
  lifelineWords ??= (async () => {
    if (process.platform !== 'linux') return [];
    const [program, ...words] = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'] as const;
    return promisify(execFile)(program, [...words, '/bin/true']).then(
      () => [program, ...words],
      () => [],
    );
  })();
  return lifelineWords;
}
