import type { Run } from '../../core/run.ts';
import { BackupError } from '../../core/errors.ts';
import { number, text, withSession, type Place } from './session.ts';

/** Units: ms. */
const lookEveryMs = 1000;

/** The sessions of one call of a tool, by the name that the server shows them under, and how long it may wait for a lock. Units: ms. */
export interface Watched {
  readonly place: Place;
  readonly application: string;
  readonly patienceMs: number;
}

/**
 * Runs `body`, and says who stands in its way while the tool waits for a lock: nothing else would tell, and `lock_timeout` does not stop pg_restore.
 *
 * Errors: `database.locked` when patience is at its end, and `body` has heard the abort and ended.
 */
export async function watchingLocks<Result>(
  watched: Watched,
  run: Run,
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const own = new AbortController();
  const done = new AbortController();
  const watching = watch(watched, run, AbortSignal.any([run.signal, done.signal]), own).catch(() => undefined);
  try {
    return await body(AbortSignal.any([run.signal, own.signal]));
  } finally {
    done.abort();
    await watching;
  }
}

async function watch(
  { place, application, patienceMs }: Watched,
  run: Run,
  signal: AbortSignal,
  own: AbortController,
): Promise<void> {
  await withSession(place, signal, async (session) => {
    let since: number | undefined;
    while (!signal.aborted) {
      const [blocker] = await session.query(
        `SELECT b.pid, b.usename::text AS user, b.application_name AS application
         FROM pg_stat_activity a CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS p(pid) JOIN pg_stat_activity b ON b.pid = p.pid
         WHERE a.application_name = $1 AND a.datname = current_database() LIMIT 1`,
        [application],
      );
      if (blocker === undefined) since = undefined;
      else {
        const who = `session ${number(blocker, 'pid')} of ${text(blocker, 'user')} (${text(blocker, 'application')})`;
        if (since === undefined) run.log('warning', `The restore waits for a lock that ${who} holds.`);
        since ??= performance.now();
        if (performance.now() - since > patienceMs)
          return own.abort(
            new BackupError('database.locked', `The restore waited in vain for a lock that ${who} holds.`, {
              hint: 'End that session, and try again.',
            }),
          );
      }
      await pause(signal);
    }
  });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, lookEveryMs);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
