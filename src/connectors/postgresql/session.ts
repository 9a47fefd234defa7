import { readFile } from 'node:fs/promises';
import type { ClientConfig } from 'pg';
import { systemCode } from '../../core/diskError.ts';
import { BackupError } from '../../core/errors.ts';
import { applicationName } from './settings.ts';
import { explainDriver } from './failures.ts';

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
  const connect = async (ssl: ClientConfig['ssl']): Promise<InstanceType<typeof Client>> => {
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

type Encryption = ClientConfig['ssl'];

/** As libpq does by PGSSLMODE: `prefer` without one, that is encrypted where the server can. */
async function withEncryption<Result>(
  variables: Place['variables'],
  connect: (ssl: Encryption) => Promise<Result>,
): Promise<Result> {
  const mode = hostOf(variables).startsWith('/') ? 'disable' : (variables['PGSSLMODE'] ?? 'prefer');
  if (mode === 'disable') return connect(false);
  const root = variables['PGSSLROOTCERT'];
  if (mode.startsWith('verify')) {
    const ca = root === undefined ? undefined : await readFile(root, 'utf8');
    const name = mode === 'verify-ca' ? { checkServerIdentity: (): undefined => undefined } : {};
    return connect({ rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }), ...name });
  }
  try {
    return await connect({ rejectUnauthorized: false });
  } catch (error) {
    const isUnsupported = error instanceof Error && /does not support SSL|no pg_hba\.conf entry/.test(error.message);
    if (mode === 'require' || !isUnsupported) throw error;
    return connect(false);
  }
}

function configOf(variables: Place['variables'], ssl: Encryption): ClientConfig {
  const { PGUSER: user, PGDATABASE: database, PGPASSWORD: password, PGPORT: port } = variables;
  return {
    host: hostOf(variables),
    port: Number(port ?? 5432),
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(password === undefined ? {} : { password }),
    ssl: ssl ?? false,
    connectionTimeoutMillis: connectMs,
    application_name: applicationName,
    options: '-c search_path=pg_catalog',
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
