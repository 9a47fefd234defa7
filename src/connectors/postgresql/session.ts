import type { ClientConfig } from 'pg';
import { systemCode } from '../../core/diskError.ts';
import { BackupError } from '../../core/errors.ts';
import { encryptionOf, type Encryption } from './encryption.ts';
import { explainDriver } from './failures.ts';
import { applicationName } from './settings.ts';

/** One row as the driver gives it, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection of the driver. */
export interface Session {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** Where to connect, as libpq's variables, and how to call it in messages. */
export interface Place {
  readonly variables: Readonly<Record<string, string>>;
  readonly where: string;
}

const connectMs = 10_000;

/**
 * Gives `body` a connection, and ends it afterwards.
 *
 * Errors: `connection.*` as the table of failures says; the signal's reason.
 */
export async function withSession<Result>(
  { variables, where }: Place,
  signal: AbortSignal,
  body: (session: Session) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const { Client } = await import('pg');
  const connect = async (ssl: Encryption['ssl']): Promise<InstanceType<typeof Client>> => {
    const client = new Client(configOf(variables, ssl));
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
  };
  try {
    const client = await withEncryption(variables, connect);
    const stop = (): void => void client.end().catch(() => undefined);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await body({ query: async (sql, values = []) => (await client.query<Row>(sql, [...values])).rows });
    } finally {
      signal.removeEventListener('abort', stop);
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw explainDriver(error, where);
  }
}

/** As libpq does by PGSSLMODE: `prefer` without one, that is encrypted where the server can. */
async function withEncryption<Result>(
  variables: Place['variables'],
  connect: (ssl: Encryption['ssl']) => Promise<Result>,
): Promise<Result> {
  const { ssl, isRequired } = await encryptionOf(variables, hostOf(variables));
  if (ssl === false || isRequired) return connect(ssl);
  try {
    return await connect(ssl);
  } catch (error) {
    if (!isAboutEncryption(error)) throw error;
    // Where unencrypted connections are not wanted, the first one says what is wrong.
    return connect(false).catch((second: unknown) => {
      throw isUnlisted(second) ? error : second;
    });
  }
}

function isAboutEncryption(error: unknown): boolean {
  return isUnlisted(error) || (error instanceof Error && /SSL|TLS|certificate/i.test(error.message));
}

/** True where the server has no line for such a connection in its list of whom it lets in. */
function isUnlisted(error: unknown): boolean {
  return error instanceof Error && /no pg_hba\.conf entry|pg_hba\.conf rejects/.test(error.message);
}

function configOf(variables: Place['variables'], ssl: Encryption['ssl']): ClientConfig {
  const { PGUSER: user, PGDATABASE: database, PGPASSWORD: password, PGPORT: port } = variables;
  return {
    host: hostOf(variables),
    port: Number(port ?? 5432),
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(password === undefined ? {} : { password }),
    ssl,
    connectionTimeoutMillis: connectMs,
    application_name: applicationName,
    options: '-c search_path=pg_catalog -c lock_timeout=60000',
  };
}

/** libpq's own default for a socket is Debian's; the driver has none. */
function hostOf(variables: Place['variables']): string {
  const host = variables['PGHOST'] ?? '';
  return host === '' ? '/var/run/postgresql' : host;
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof BackupError ? codes.includes(error.code) : codes.includes(systemCode(error) ?? '');
}

/** A text of a row; empty where it is NULL. */
export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === 'string' ? value : '';
}

export function number(row: Row | undefined, column: string): number {
  return Number(row?.[column] ?? 0);
}

/** An identifier in quotes. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
