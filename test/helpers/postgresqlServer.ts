import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Database } from '../../src/core/database.ts';
import { copiesFor, type ServerCertificates } from './certificates.ts';
import { freePort } from './freePort.ts';

/** A private PostgreSQL server of one test run, with password authentication on. `user` is a superuser with an odd password. */
export interface PostgresqlServer {
  readonly port: number;
  /** Folder of the server's socket. */
  readonly socket: string;
  readonly user: string;
  readonly password: string;
  /** Makes a database and runs `sql` in it; gives its name. */
  createDatabase(sql?: string, name?: string): Promise<string>;
  query(database: string, sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  connect(database: string): Promise<Client>;
  /** All that a database holds, as pg_dump tells it, in one hash. */
  hashOf(database: string): string;
  resolved(connector: string, database: string, keys?: Readonly<Record<string, unknown>>): Database;
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  start(): Promise<void>;
}

/** The folder of the server's own programs. */
export const bin = binFolder();
export const canary = `canary"pass'word\\ $1 é@:/?#%`;

let shared: Promise<PostgresqlServer> | undefined;

/** The server of this run, started when first asked for. */
export function postgresqlServer(): Promise<PostgresqlServer> {
  shared ??= startServer({});
  return shared;
}

/** Starts a server of one's own; it ends with this process. `access` are lines of pg_hba.conf that come before all others. */
export async function startServer({
  settings = [],
  certificates,
  access = [],
}: {
  readonly settings?: readonly string[];
  readonly certificates?: ServerCertificates;
  readonly access?: readonly string[];
}): Promise<PostgresqlServer> {
  const root = mkdtempSync(join(tmpdir(), 'dbbackup-postgresql-'));
  const [folder, socket] = [join(root, 'data'), join(root, 'socket')];
  const account = accountOf();
  mkdirSync(socket);
  writeFileSync(join(root, 'password'), `${canary}\n`, { mode: 0o644 });
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [root, socket]) chownSync(path, account.uid, account.gid);
  const user = 'tester';
  const words = [
    '-D',
    folder,
    '-U',
    user,
    '-A',
    'scram-sha-256',
    '--pwfile',
    join(root, 'password'),
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-N',
  ];
  const made = spawnSync(join(bin, 'initdb'), words, { ...account, encoding: 'utf8', cwd: root });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const lists = join(folder, 'pg_hba.conf');
  writeFileSync(lists, [...access, readFileSync(lists, 'utf8')].join('\n'));
  const port = await freePort();
  let server: ChildProcess | undefined;
  const config = [
    'listen_addresses=127.0.0.1',
    'fsync=off',
    'max_connections=60',
    'wal_level=logical',
    `unix_socket_directories=${socket}`,
    ...(certificates === undefined ? [] : encryptionSettings(copiesFor(account, certificates, root))),
    ...settings,
  ];

  const start = async (): Promise<void> => {
    const args = ['-D', folder, '-p', String(port), ...config.flatMap((line) => ['-c', line])];
    server = spawn(join(bin, 'postgres'), args, { ...account, stdio: 'ignore', cwd: root, detached: true });
    server.unref();
    const end = performance.now() + 30_000;
    for (;;) {
      try {
        await (await connect('postgres')).end();
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
        await delay(50);
      }
    }
  };
  const stop = async (signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> => {
    // One that ended by itself has no exit to wait for.
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    server.ref();
    server.kill(signal);
    await ended;
  };
  process.once('exit', () => {
    server?.kill('SIGQUIT');
    rmSync(root, { recursive: true, force: true });
  });
  const connect = async (database: string): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port, user, password: canary, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const query: PostgresqlServer['query'] = async (database, sql, values = []) => {
    const client = await connect(database);
    try {
      const result =
        values.length > 0
          ? await client.query<Record<string, unknown>>(sql, [...values])
          : await client.query<Record<string, unknown>>(sql);
      return Array.isArray(result) ? [] : result.rows;
    } finally {
      await client.end();
    }
  };
  let count = 0;
  const environment = { ...process.env, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: user, PGPASSWORD: canary };
  await start();
  return {
    port,
    socket,
    user,
    password: canary,
    query,
    connect,
    start,
    stop,
    createDatabase: async (sql, name = `db${count++}_${process.pid}`) => {
      await query('postgres', `CREATE DATABASE "${name.replaceAll('"', '""')}" TEMPLATE template0`);
      if (sql !== undefined) await query(name, sql);
      return name;
    },
    hashOf: (database) => {
      const said = spawnSync(join(bin, 'pg_dump'), [], { env: { ...environment, PGDATABASE: database }, maxBuffer: 1 << 30 });
      if (said.status !== 0) throw new Error(said.stderr.toString());
      const text = said.stdout.toString('latin1').replaceAll(/^\\(un)?restrict .*$/gm, '');
      if (process.env['DBBACKUP_SHOW_DUMPS'] !== undefined)
        writeFileSync(join(tmpdir(), `${database}-${performance.now()}.sql`), text);
      return createHash('sha256').update(text).digest('hex');
    },
    resolved: (connector, database, keys = {}) => {
      const own = { ENGINE: 'postgresql', NAME: database, USER: user, PASSWORD: canary, HOST: '127.0.0.1', PORT: port };
      const merged: Record<string, unknown> = { ...own, ...keys };
      const host = typeof merged['HOST'] === 'string' ? merged['HOST'] : 'localhost';
      return {
        alias: 'default',
        engine: 'postgresql',
        connector,
        keys: merged,
        folder: '/nonexistent/project',
        scope: 'folder',
        target: {
          kind: 'server',
          engine: 'postgresql',
          host,
          port: Number(merged['PORT'] ?? 5432),
          database: String(merged['NAME']),
        },
        tools: {},
      };
    },
  };
}

function encryptionSettings({ cert, key, ca }: ServerCertificates): string[] {
  return ['ssl=on', `ssl_cert_file=${cert}`, `ssl_key_file=${key}`, `ssl_ca_file=${ca}`];
}

/** The server refuses to run as root: Debian's own user has it then. */
function accountOf(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

function binFolder(): string {
  const parent = '/usr/lib/postgresql';
  const versions = existsSync(parent) ? readdirSync(parent).toSorted((a, b) => Number(b) - Number(a)) : [];
  return join(parent, versions.find((version) => existsSync(join(parent, version, 'bin', 'postgres'))) ?? '15', 'bin');
}
