import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { uriUser } from './settings/target.ts';

/**
 * The name under which secret storage keeps a database's password; undefined for a database in a file.
 *
 * Shape: derived from engine, host, port, database and user, never from the alias: whoever changes one of them in the settings of a
 * repository gets nothing that was kept for another target.
 */
export function passwordKey({ target, keys }: Pick<Database, 'target' | 'keys'>): string | undefined {
  if (target.kind === 'file') return undefined;
  const { engine, host, port, database } = target;
  const identity = JSON.stringify([engine, host, port, database, userOf(keys)]);
  return `dbbackup.password.${createHash('sha256').update(identity).digest('hex')}`;
}

/** Who a server is asked as, from USER or a HOST that is a URI; empty where the tool decides. */
export function userOf(keys: Database['keys']): string {
  const user = keys['USER'];
  return typeof user === 'string' && user !== '' ? user : uriUser(keys['HOST']);
}
