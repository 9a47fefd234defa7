import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BSON, Binary, Long } from 'bson';
import { describe, type Context, type Suite } from 'mocha';
import { MongoClient, type CollectionInfo, type Db } from 'mongodb';
import type { Database } from '../../src/core/database.ts';
import { freePort } from './freePort.ts';

/** The password of every account here, with what quoting gets wrong; in no argument, log or message it may ever be seen. */
export const canary = `canary"pass'word\\ $1 é@:/?#%`;

/** A private server of MongoDB's protocol, with authentication on: `user` is known in `admin`. It ends with this process. */
export interface MongodbServer {
  readonly port: number;
  readonly user: string;
  /** A database with a name of its own, which does not exist yet, as the administrator sees it. */
  fresh(): Db;
  database(name: string): Db;
  /** One text for all that a database holds: collections with their options, indexes and every byte of every document. */
  hashOf(name: string): Promise<string>;
  /** The resolved settings of a database there. */
  resolved(connector: string, name: string, keys?: Readonly<Record<string, unknown>>): Database;
  createUser(name: string, roles: readonly object[], database?: string): Promise<void>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
  /** Closes the administrator's connections, which keep a process alive; they are made anew when they are needed. */
  rest(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, '.vscode-test', 'secantusdb', 'venv', 'bin', 'secantusd-py');

let shared: Promise<MongodbServer> | undefined;

/** The one server of this run of tests; a machine without it, or without the tools, skips loudly, and fails where CI is set. */
export function mongodbServer(test: Context): Promise<MongodbServer> {
  requireMongodb(test);
  shared ??= startMongodb();
  return shared;
}

/** Skips a suite that cannot run here. */
export function requireMongodb(test: Context): void {
  test.timeout(120_000);
  if (!existsSync(program))
    skip(test, 'the server secantusdb is missing (node scripts/setup.mjs tests, which needs python3-venv)');
}

function skip(test: Context, sentence: string): never {
  if (!['', '0', 'false', undefined].includes(process.env['CI'])) throw new Error(sentence);
  process.stderr.write(`Skipped: ${sentence}.\n`);
  return test.skip();
}

/** The folder with mongodump and mongorestore: on PATH, named in the environment, or beside the project. */
export function mongodbTools(): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    process.env['DBBACKUP_MONGODB_TOOLS'] ?? '',
    join(root, '..', 'shared', 'tools', 'mongodb'),
  ];
  return folders.find((folder) => ['mongodump', 'mongorestore'].every((name) => folder !== '' && existsSync(join(folder, name))));
}

/** `describe` for what needs MongoDB's own tools. No registry has them, so that a machine may be without: then it says so, and there is no suite. */
export function describeWithTools(title: string, suite: (this: Suite) => void): void {
  if (mongodbTools() !== undefined) describe(title, suite);
  else
    process.stderr.write(`Not run: ${title}. Install mongodb-database-tools, or name their folder in DBBACKUP_MONGODB_TOOLS.\n`);
}

/**
 * Starts a server of one's own; as a replica set, it is one of a single member named `secantus`. With `certificate` it only takes connections
 * that are encrypted: the path of a file with a key and a certificate that vouches for itself.
 */
export async function startMongodb({
  isReplicaSet = false,
  certificate,
}: { readonly isReplicaSet?: boolean; readonly certificate?: string } = {}): Promise<MongodbServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dbbackup-mongodb-'));
  const encryption = certificate === undefined ? [] : ['--tls-cert-file', certificate, '--tls-key-file', certificate];
  const port = await freePort();
  let child: ChildProcess | undefined;
  process.once('exit', () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...more: string[]): void => {
    const place = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', join(folder, 'data')];
    child = spawn(
      program,
      [...place, ...encryption, ...(isReplicaSet ? [] : ['--standalone']), '--log-level', 'ERROR', ...more],
      {
        stdio: 'ignore',
        cwd: folder,
      },
    );
    child.unref();
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.ref();
    child?.kill(signal);
    await ended;
  };
  const client = (options: object): MongoClient =>
    new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
      serverSelectionTimeoutMS: 60_000,
      ...(certificate === undefined ? {} : { tls: true, tlsCAFile: certificate }),
      ...options,
    });

  // Accounts can be made only as long as nobody has to have one.
  run();
  const first = client({});
  const roles = [{ role: 'root', db: 'admin' }];
  await first.db('admin').command({ createUser: 'tester', pwd: canary, roles });
  await first.close();
  await stop();
  const connect = (): MongoClient => client({ auth: { username: 'tester', password: canary }, authSource: 'admin' });
  const start = async (): Promise<void> => {
    run('--auth');
    const probe = connect();
    await probe.db('admin').command({ ping: 1 });
    await probe.close();
  };
  await start();
  return new PrivateServer(port, connect, { stop, start });
}

class PrivateServer implements MongodbServer {
  readonly port: number;
  readonly user = 'tester';
  readonly stop: MongodbServer['stop'];
  readonly start: MongodbServer['start'];
  readonly #connect: () => MongoClient;
  #client: MongoClient | undefined;
  #count = 0;

  constructor(port: number, connect: () => MongoClient, { stop, start }: Pick<MongodbServer, 'stop' | 'start'>) {
    this.port = port;
    this.#connect = connect;
    this.stop = stop;
    this.start = start;
  }

  async rest(): Promise<void> {
    await this.#client?.close();
    this.#client = undefined;
  }

  fresh(): Db {
    return this.database(`shop_${process.pid}_${this.#count++}`);
  }

  database(name: string): Db {
    this.#client ??= this.#connect();
    return this.#client.db(name);
  }

  async createUser(name: string, roles: readonly object[], database = 'admin'): Promise<void> {
    await this.database(database).command({ createUser: name, pwd: canary, roles: [...roles] });
  }

  async hashOf(name: string): Promise<string> {
    const db = this.database(name);
    const hash = createHash('sha256');
    const collections = await db.listCollections<CollectionInfo>().toArray();
    for (const { name: collection, type, options } of collections.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      hash.update(BSON.EJSON.stringify({ collection, type, options: sorted(options) }, { relaxed: false }));
      if (type === 'view') continue;
      const indexes: string[] = [];
      for await (const bytes of db.runCursorCommand({ listIndexes: collection }, { raw: true })) indexes.push(definition(bytes));
      hash.update(indexes.toSorted().join('\n'));
      const documents: Buffer[] = [];
      for await (const document of db.collection(collection).find({}, { raw: true })) documents.push(bytesOf(document));
      const order = documents.map((document) => createHash('sha256').update(document).digest('hex'));
      hash.update(`${documents.length}`).update(order.toSorted().join('\n'));
    }
    return hash.digest('hex');
  }

  resolved(connector: string, name: string, keys: Readonly<Record<string, unknown>> = {}): Database {
    const own = { ENGINE: 'mongodb', NAME: name, USER: this.user, PASSWORD: canary, HOST: '127.0.0.1', PORT: this.port };
    const tools = mongodbTools() ?? '';
    return {
      alias: 'default',
      engine: 'mongodb',
      connector,
      keys: { ...own, AUTH_SOURCE: 'admin', ...keys },
      folder: '/nonexistent/project',
      scope: 'folder',
      target: { kind: 'server', engine: 'mongodb', host: '127.0.0.1', port: this.port, database: name },
      tools: { mongodump: join(tools, 'mongodump'), mongorestore: join(tools, 'mongorestore') },
    };
  }
}

function bytesOf(document: unknown): Buffer {
  if (document instanceof Uint8Array) return Buffer.from(document);
  throw new Error('not raw');
}

/** An index without what a server adds by itself: the fields of its key keep their order, those of its options do not count. */
function definition(bytes: unknown): string {
  const raw = bytesOf(bytes);
  const own = Object.entries(BSON.deserialize(raw, { promoteValues: false })).filter(([name]) => name !== 'v' && name !== 'ns');
  const fields = [...BSON.onDemand.parseToElements(raw)];
  const key = fields.find(([, nameAt, nameLength]) => raw.toString('utf8', nameAt, nameAt + nameLength) === 'key');
  const keyBytes = key === undefined ? '' : raw.subarray(key[3], key[3] + key[4]).toString('hex');
  return `${keyBytes} ${BSON.EJSON.stringify(sorted(Object.fromEntries(own)), { relaxed: false })}`;
}

/** The same document with its fields in name order, at every depth; values of BSON's own types stay as they are. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || '_bsontype' in value || value instanceof Date) return value;
  if (value instanceof Long || value instanceof Binary) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}
