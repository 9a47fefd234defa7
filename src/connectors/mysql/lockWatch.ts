import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { number, withSession } from './session.ts';
import type { Place } from './settings.ts';

/** Units: ms. */
const lookEveryMs = 1000;

/**
 * Runs `body`, a dump, and ends it when its tool waits for a table that another session has locked: by itself it would wait for a day.
 *
 * Shape: `idleMs` says for how long nothing has come out of the tool. A server asked meanwhile shows an account its own sessions.
 * Errors: `database.locked` when that is `patienceMs`, and `body` has heard the abort and ended.
 */
export async function watchingLocks<Result>(
  { place, idleMs, patienceMs }: { readonly place: Place; readonly patienceMs: number; idleMs(): number },
  run: Run,
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const own = new AbortController();
  const timer = setInterval(() => void look().catch(() => undefined), Math.min(lookEveryMs, patienceMs));
  const look = async (): Promise<void> => {
    if (idleMs() < patienceMs || own.signal.aborted) return;
    const waiting = await withSession(place, run.signal, async (session) => {
      const [row] = await session.query(
        `SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST
         WHERE DB = DATABASE() AND USER = SUBSTRING_INDEX(USER(), '@', 1) AND STATE LIKE 'Waiting for%lock%'`,
      );
      return number(row, 'count');
    });
    if (waiting > 0 && idleMs() >= patienceMs)
      own.abort(
        new BackupError('database.locked', `The dump waits for a table that another session has locked: ${place.where}.`, {
          hint: 'End the session that holds the lock, and try again.',
        }),
      );
  };
  try {
    return await body(AbortSignal.any([run.signal, own.signal]));
  } finally {
    clearInterval(timer);
  }
}
