import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { createConnection, type Connection } from 'mysql2/promise';
import * as z from 'zod';
import type { Database } from '../../src/core/database.ts';
import { copiesFor, type ServerCertificates } from './certificates.ts';
import { freePort } from './freePort.ts';
import { until } from './processes.ts';

/** The password of every account here, with what quoting gets wrong; in no argument, log or message it may ever be seen. */
export const canary = 'c4n4ry "p\\w\'#; é$x ';

/** A private MariaDB with password authentication, on a free port and a socket. It ends with this process. */
export interface MariadbServer {
  readonly port: number;
  readonly socket: string;
  /** Sends its process a signal: SIGKILL ends it at once, SIGSTOP makes it silent. */
  signal(name: NodeJS.Signals): void;
  /** Runs one statement as the administrator; rows as objects. */
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Runs a script of several statements, without DELIMITER. */
  script(sql: string, database: string): Promise<void>;
  /** Makes an empty database under a name of its own. */
  createDatabase(name?: string): Promise<string>;
  /** Makes an account with the canary as its password; `@` at the end of a grant stands for it: `GRANT SELECT ON shop.* TO @`. */
  createUser(name: string, ...grants: string[]): Promise<void>;
  /** A connection that stays, and the rows of one query as it sees them. */
  watch(sql: string, database: string): Promise<{ hash(): Promise<string>; stop(): Promise<void> }>;
  /** One text for all that a database holds: definitions, rows, routines, events. */
  hashOf(database: string): Promise<string>;
  /** The resolved settings of a database there, as the administrator. */
  resolved(name: string, keys?: Readonly<Record<string, unknown>>): Database;
}

let server: Promise<MariadbServer> | undefined;

/** The one server of this run of tests; a machine without MariaDB skips loudly, and fails where CI is set. */
export async function mariadbServer(test: Context): Promise<MariadbServer> {
  if (!existsSync('/usr/sbin/mariadbd')) {
    if (process.env['CI'] !== undefined) throw new Error('mariadb-server is missing (apt-get install mariadb-server).');
    process.stderr.write('Skipped: mariadb-server is missing (apt-get install mariadb-server).\n');
    test.skip();
  }
  test.timeout(60_000);
  server ??= startServer();
  return server;
}

/** A server of one's own, to be ended or stopped. */
export async function startServer({ certificates }: { readonly certificates?: ServerCertificates } = {}): Promise<MariadbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dbbackup-mariadb-'));
  const datadir = join(folder, 'data');
  const socket = join(datadir, 's');
  chmodSync(folder, 0o755);
  mkdirSync(datadir);
  const account = serverAccount();
  if (account !== undefined) chownSync(datadir, account.uid, account.gid);
  const port = await freePort();
  const install = ['--no-defaults', `--datadir=${datadir}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
  const installed = spawnSync('mariadb-install-db', install, { ...account, encoding: 'utf8' });
  if (installed.status !== 0) throw new Error(`mariadb-install-db failed: ${installed.stdout}${installed.stderr}`);
  const options = ['--skip-log-bin', '--innodb-flush-log-at-trx-commit=2', '--event-scheduler=OFF', `--pid-file=${datadir}/pid`];
  const place = [`--datadir=${datadir}`, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const encryption =
    certificates === undefined
      ? []
      : Object.entries(copiesFor(account ?? {}, certificates, folder)).map(([part, file]) => `--ssl-${part}=${file}`);
  const child = spawn('/usr/sbin/mariadbd', ['--no-defaults', ...place, ...options, ...encryption], {
    ...account,
    stdio: 'ignore',
  });
  child.unref();
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  let first: Connection | undefined;
  await until(
    async () => (first = await createConnection({ socketPath: socket, user: 'root' }).catch(() => undefined)) !== undefined,
    'MariaDB',
    30_000,
  );
  await first?.query("CREATE USER 'admin'@'%' IDENTIFIED BY ?", [canary]);
  await first?.query("GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION");
  for (const user of ['root', 'mysql']) await first?.query(`DROP USER IF EXISTS '${user}'@'localhost'`);
  await first?.query("DELETE FROM mysql.global_priv WHERE User = ''");
  await first?.query('FLUSH PRIVILEGES');
  await first?.end();
  return new PrivateServer(port, socket, (name) => void child.kill(name));
}

/** A server refuses to run as root: it gets the account that its package has made. */
function serverAccount(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

class PrivateServer implements MariadbServer {
  readonly port: number;
  readonly socket: string;
  readonly signal: (name: NodeJS.Signals) => void;
  #count = 0;

  constructor(port: number, socket: string, signal: (name: NodeJS.Signals) => void) {
    this.port = port;
    this.socket = socket;
    this.signal = signal;
  }

  async query(sql: string, database?: string): Promise<Record<string, unknown>[]> {
    return this.#connected(database, async (connection) => {
      const [rows] = await connection.query(sql);
      return Array.isArray(rows) ? z.array(z.record(z.string(), z.unknown())).parse(rows) : [];
    });
  }

  async script(sql: string, database: string): Promise<void> {
    await this.#connected(database, (connection) => connection.query(sql));
  }

  async createDatabase(name = `shop_${process.pid}_${this.#count++}`): Promise<string> {
    await this.query(`DROP DATABASE IF EXISTS ${quoted(name)}`);
    await this.query(`CREATE DATABASE ${quoted(name)} CHARACTER SET utf8mb4`);
    return name;
  }

  async createUser(name: string, ...grants: string[]): Promise<void> {
    await this.#connected(undefined, async (connection) => {
      const account = `${connection.escape(name)}@'%'`;
      await connection.query(`CREATE OR REPLACE USER ${account} IDENTIFIED BY ${connection.escape(canary)}`);
      for (const grant of grants) await connection.query(grant.replace(/@$/, () => account));
    });
  }

  async hashOf(database: string): Promise<string> {
    return this.#connected(database, async (connection) => {
      const hash = createHash('sha256');
      const read = async (sql: string): Promise<unknown[][]> => {
        // Bytes as the server has them: a driver's idea of a value must not hide a difference.
        const [rows] = await connection.query({
          sql,
          rowsAsArray: true,
          typeCast: (field) => field.buffer()?.toString('latin1'),
        });
        return z.array(z.array(z.unknown())).parse(rows);
      };
      const tables = await read(
        'SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY BINARY table_name',
      );
      for (const [name, type] of tables) {
        const table = quoted(Buffer.from(String(name), 'latin1').toString());
        const rows = type === 'VIEW' ? [] : await read(`SELECT * FROM ${table}`);
        hash.update(
          JSON.stringify([await read(`SHOW CREATE TABLE ${table}`), rows.map((row) => JSON.stringify(row)).toSorted()]),
        );
      }
      for (const list of objectLists) hash.update(JSON.stringify(await read(list)));
      return hash.digest('hex');
    });
  }

  resolved(name: string, keys: Readonly<Record<string, unknown>> = {}): Database {
    const merged = { NAME: name, USER: 'admin', PASSWORD: canary, HOST: '127.0.0.1', PORT: this.port, ...keys };
    return {
      alias: 'default',
      engine: 'mysql',
      connector: 'MysqlDumpConnector',
      keys: merged,
      folder: tmpdir(),
      scope: 'folder',
      target: { kind: 'server', engine: 'mysql', host: merged.HOST, port: merged.PORT, database: name },
      tools: {},
    };
  }

  async watch(sql: string, database: string): Promise<{ hash(): Promise<string>; stop(): Promise<void> }> {
    const connection = await this.#connect(database);
    return { hash: async () => JSON.stringify((await connection.query(sql))[0]), stop: () => connection.end() };
  }

  async #connected<Result>(database: string | undefined, body: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await this.#connect(database);
    try {
      return await body(connection);
    } finally {
      await connection.end();
    }
  }

  #connect(database: string | undefined): Promise<Connection> {
    return createConnection({
      host: '127.0.0.1',
      port: this.port,
      user: 'admin',
      password: canary,
      multipleStatements: true,
      charset: 'utf8mb4',
      ...(database === undefined ? {} : { database }),
    });
  }
}

const objectLists = [
  'SELECT trigger_name, event_manipulation, event_object_table, action_statement, action_timing, definer, sql_mode FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY 1',
  'SELECT routine_name, routine_type, routine_definition, definer, is_deterministic, sql_mode, security_type FROM information_schema.routines WHERE routine_schema = DATABASE() ORDER BY 1, 2',
  'SELECT event_name, event_definition, interval_value, interval_field, status, definer, sql_mode FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1',
];

/** A name as SQL has it. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
