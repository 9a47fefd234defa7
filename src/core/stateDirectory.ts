import { posix, win32 } from 'node:path';

/** What the place of the state directory depends on, given by the caller because core asks the machine nothing. */
export interface Machine {
  readonly platform: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The one directory per user that editor and command line share: locks, journals, scratch, results of Verify, `origin.key`.
 *
 * Shape: absolute path; nothing is created. `DBBACKUP_STATE` wins over the platform's state folder. Relative values are not believed.
 * Source: XDG Base Directory Specification (XDG_STATE_HOME); Apple's and Microsoft's folders for application data.
 */
export function stateDirectoryPath({ platform, home, env }: Machine): string {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const absolute = (value: string | undefined): string | undefined =>
    value !== undefined && isAbsolute(value) ? value : undefined;

  const chosen = absolute(env['DBBACKUP_STATE']);
  if (chosen !== undefined) return chosen;
  if (platform === 'win32') return join(absolute(env['LOCALAPPDATA']) ?? join(home, 'AppData', 'Local'), 'dbbackup');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'dbbackup');
  return join(absolute(env['XDG_STATE_HOME']) ?? join(home, '.local', 'state'), 'dbbackup');
}

/**
 * Where Node keeps our code compiled between runs: what is loaded then starts in half the time.
 *
 * Shape: undefined unless the state directory, which `lookAt` looks at, is there and the user's alone: what lies there is run.
 */
export function codeCachePath(
  directory: string,
  lookAt: (path: string) => { readonly uid: number; readonly mode: number },
  user: number | undefined,
): string | undefined {
  try {
    const { uid, mode } = lookAt(directory);
    const isPrivate = user === undefined || (uid === user && (mode & 0o022) === 0);
    return isPrivate ? `${directory}/compiled` : undefined;
  } catch {
    return undefined;
  }
}
