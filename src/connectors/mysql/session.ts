import type { Connection, RowDataPacket } from 'mysql2/promise';
import { systemCode } from '../../core/diskError.ts';
import { BackupError } from '../../core/errors.ts';
import { driverOptions } from './encryption.ts';
import { explainDriver } from './failures.ts';
import type { Place } from './settings.ts';

/** One row as the driver gives it, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection of the driver. Values stand for the `?` of a statement. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Units: ms. */
const connectMs = 10_000;
const answerMs = 60_000;

/**
 * Gives `body` a connection to the database, or to the server alone, and ends it afterwards.
 *
 * Errors: `connection.*` as the table of failures says; the signal's reason.
 */
export async function withSession<Result>(
  place: Place,
  signal: AbortSignal,
  body: (session: Session) => Promise<Result>,
  on: 'database' | 'server' = 'database',
): Promise<Result> {
  signal.throwIfAborted();
  let connection: Connection | undefined;
  let stop = (): void => undefined;
  // A connection that is destroyed does not answer what it was asked.
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('The connection is not wanted any more.'));
  });
  aborted.catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    connection = await connect(place, on);
    return await Promise.race([body(sessionOn(connection)), aborted]);
  } catch (error) {
    signal.throwIfAborted();
    throw explainDriver(error, place.where);
  } finally {
    signal.removeEventListener('abort', stop);
    connection?.destroy();
  }
}

function sessionOn(connection: Connection): Session {
  return {
    query: async (sql, values = []) => {
      const [rows] = await connection.query<RowDataPacket[]>({ sql, timeout: answerMs }, [...values]);
      // What is no query has no rows.
      return Array.isArray(rows) ? rows : [];
    },
  };
}

/** Encrypted as OPTIONS say, else where the server can, as the tools of MySQL do it. */
async function connect({ address, user, password, encryption, name }: Place, on: 'database' | 'server'): Promise<Connection> {
  const { createConnection } = await import('mysql2/promise');
  const options = {
    ...(address.kind === 'socket' ? { socketPath: address.path } : { host: address.host, port: address.port }),
    user,
    ...(password === undefined ? {} : { password }),
    ...(on === 'database' ? { database: name } : {}),
    charset: 'utf8mb4',
    connectTimeout: connectMs,
  };
  const opened = async (more: object): Promise<Connection> => {
    const connection = await createConnection({ ...options, ...more });
    connection.on('error', () => undefined);
    return connection;
  };
  const encrypted = await driverOptions(encryption, address);
  if (encrypted === undefined) return opened({});
  try {
    return await opened(encrypted);
  } catch (error) {
    if (encryption.mode !== 'PREFERRED' || systemCode(error) !== 'HANDSHAKE_NO_SSL_SUPPORT') throw error;
    return opened({});
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof BackupError && codes.includes(error.code);
}

/** A text of a row; empty where it is NULL. */
export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === 'string' ? value : '';
}

export function number(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

/** A name in quotes. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
