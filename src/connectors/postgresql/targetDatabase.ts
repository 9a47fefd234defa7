import { setTimeout as delay } from 'node:timers/promises';
import { isCode, quoted, withSession, type Place, type Session } from './session.ts';

/**
 * Runs `body` on a database that may not exist yet: it is made first, and taken away again when `body` fails.
 */
export async function withTarget(
  place: Place,
  { exists, signal }: { exists: boolean; signal: AbortSignal },
  body: () => Promise<void>,
): Promise<void> {
  if (exists) return body();
  const name = quoted(place.variables['PGDATABASE'] ?? '');
  await onServer(place, signal, `CREATE DATABASE ${name} TEMPLATE template0`);
  try {
    await body();
  } catch (error) {
    await onServer(place, new AbortController().signal, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
    throw error;
  }
}

/** The databases that every server has: one of them is there. */
async function onServer(place: Place, signal: AbortSignal, sql: string): Promise<void> {
  const at = (database: string): Promise<unknown> =>
    withSession({ ...place, variables: { ...place.variables, PGDATABASE: database } }, signal, (session) => session.query(sql));
  try {
    await at('postgres');
  } catch (error) {
    if (!isCode(error, 'connection.unknownDatabase')) throw error;
    await at('template1');
  }
}

/** Units: ms. */
const endWithinMs = 5000;

/**
 * Ends the sessions of a tool that was stopped. psql does not tell the server: it would still carry out the statement that it was given, and
 * while that waits for a lock, let nobody else have it.
 */
export async function endSessions(place: Place, application: string): Promise<void> {
  const look = async (session: Session): Promise<void> => {
    const end = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    while ((await session.query(end, [application])).length > 0) await delay(20);
  };
  await withSession(place, AbortSignal.timeout(endWithinMs), look).catch(() => undefined);
}
