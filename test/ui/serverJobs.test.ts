import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it, type Context } from 'mocha';
import { mariadbServer } from '../helpers/mariadbServer.ts';
import { mongodbServer, mongodbTools } from '../helpers/mongodbServer.ts';
import { postgresqlServer } from '../helpers/postgresqlServer.ts';
import type { Theme } from '../helpers/window.ts';
import { act, openWorkspace, pictureOfFailure, writeDatabases, type OpenedWorkspace, type OpenOptions } from './shopWindow.ts';

/** A database on a real server: the keys of its settings, its password, and a look at its orders. */
interface ServerShop {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly password: string;
  /** What else its window is opened with. */
  readonly window?: OpenOptions;
  countOrders(): Promise<number>;
  loseOrders(): Promise<unknown>;
  close?(): Promise<void>;
}

interface Engine {
  readonly name: string;
  readonly theme: Theme;
  open(test: Context): Promise<ServerShop>;
}

const engines: readonly Engine[] = [
  { name: 'PostgreSQL', theme: 'light', open: openPostgresql },
  { name: 'MySQL', theme: 'dark', open: openMariadb },
  { name: 'MongoDB', theme: 'light', open: openMongodb },
];

for (const { name, theme, open } of engines) {
  describe(`a ${name} database in the window`, function () {
    this.timeout(120_000);
    let shop: ServerShop;
    let opened: OpenedWorkspace;
    const picture = (state: string): Promise<void> => opened.window.picture(`${name.toLowerCase()}-${state}`);
    afterEach(pictureOfFailure(() => opened.window));

    before(async function () {
      shop = await open(this);
      opened = await openWorkspace((folder) => {
        writeDatabases(folder, { shop: { ...shop.keys, PASSWORD: 'wrong' } });
      }, shop.window);
      if (theme !== 'light') await opened.window.showTheme(theme);
    });
    after(async () => {
      await opened.close();
      await shop.close?.();
    });

    it('says that its password is wrong, and takes the right one', async () => {
      const { window } = opened;
      await act(window, /^shop/, 'Back Up Database');
      const failed = /Backing up shop failed: .*password/;
      await window.toast(failed).waitFor();
      await picture('wrong-password');
      await window.answerToast(failed, 'Set Password…');
      await window.answer('shop on 127.0.0.1', shop.password);
      await window.toast('The password of shop is in secret storage.').waitFor();
      await window.clearNotifications();
    });

    it('is backed up', async () => {
      const { window } = opened;
      await act(window, /^shop/, 'Back Up Database');
      await window.toast(/Backed up shop \(.*\)\./).waitFor();
      await window.expand(/^shop/);
      await window.row(/^dump of a moment ago, .*verified/i).waitFor();
      await picture('backed-up');
      await window.clearNotifications();
    });

    it('is restored once the question is answered, which names the target and what is replaced', async () => {
      const { window } = opened;
      await shop.loseOrders();
      await act(window, /^dump of/i, 'Restore Database');
      const { message, detail } = await window.dialog();
      assert.match(message, /^Restore shop from the dump of /);
      assert.match(
        detail,
        new RegExp(`^${name} shop on 127\\.0\\.0\\.1:\\d+\nreplaces 2 ${name === 'MongoDB' ? 'collections' : 'tables'}\n`),
      );
      assert.match(detail, /A safety dump is made first: you can undo this\.$/);
      await picture('restore-question');
      await window.answerDialog('Restore');
      await window.toast(/Restored shop from .* \(\d+\.\d s\)\./).waitFor();
      await picture('restored');
      assert.equal(await shop.countOrders(), 2000);
    });

    it('is as it was once the restore is undone', async () => {
      const { window } = opened;
      await window.answerToast(/Restored shop/, 'Undo Restore');
      await window.dialog();
      await window.answerDialog('Restore');
      await window.toast(/Restored shop/).waitFor();
      assert.equal(await shop.countOrders(), 1000);
    });
  });
}

const tables = [
  'CREATE TABLE customers (id integer PRIMARY KEY, name varchar(100) NOT NULL)',
  'CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL REFERENCES customers (id))',
];

async function openPostgresql(): Promise<ServerShop> {
  const server = await postgresqlServer();
  const rows = [
    "INSERT INTO customers SELECT n, 'Customer ' || n FROM generate_series(1, 100) n",
    'INSERT INTO orders SELECT n, n % 100 + 1 FROM generate_series(1, 2000) n',
  ];
  const database = await server.createDatabase([...tables, ...rows].join(';'), 'shop');
  return {
    keys: { ENGINE: 'postgresql', NAME: database, USER: server.user, HOST: '127.0.0.1', PORT: server.port },
    password: server.password,
    countOrders: async () => Number((await server.query(database, 'SELECT count(*) FROM orders'))[0]?.['count']),
    loseOrders: () => server.query(database, 'DELETE FROM orders WHERE id % 2 = 0'),
  };
}

async function openMariadb(test: Context): Promise<ServerShop> {
  const server = await mariadbServer(test);
  const database = await server.createDatabase('shop');
  const rows = [
    "INSERT INTO customers SELECT seq, concat('Customer ', seq) FROM seq_1_to_100",
    'INSERT INTO orders SELECT seq, seq % 100 + 1 FROM seq_1_to_2000',
  ];
  for (const statement of [...tables, ...rows]) await server.query(statement, database);
  const { USER, HOST, PORT, PASSWORD } = server.resolved(database).keys;
  return {
    keys: { ENGINE: 'mysql', NAME: database, USER, HOST, PORT },
    password: String(PASSWORD),
    countOrders: async () => Number((await server.query('SELECT count(*) AS count FROM orders', database))[0]?.['count']),
    loseOrders: () => server.query('DELETE FROM orders WHERE id % 2 = 0', database),
  };
}

/** By mongodump where it is, by the driver alone elsewhere. */
async function openMongodb(test: Context): Promise<ServerShop> {
  const server = await mongodbServer(test);
  const shop = server.database('shop');
  await shop.collection('customers').insertMany(Array.from({ length: 100 }, (_, n) => ({ name: `Customer ${n}` })));
  await shop.collection('orders').insertMany(Array.from({ length: 2000 }, (_, number) => ({ number })));
  const { keys, tools } = server.resolved('MongoDumpConnector', 'shop');
  const { USER, HOST, PORT, PASSWORD, AUTH_SOURCE } = keys;
  const connector = mongodbTools() === undefined ? { CONNECTOR: 'MongoDriverConnector' } : {};
  return {
    keys: { ENGINE: 'mongodb', NAME: 'shop', USER, HOST, PORT, AUTH_SOURCE, ...connector },
    password: String(PASSWORD),
    window: { machineSettings: { 'dbbackup.tools': tools } },
    close: () => server.rest(),
    countOrders: () => shop.collection('orders').countDocuments(),
    loseOrders: () => shop.collection('orders').deleteMany({ number: { $mod: [2, 0] } }),
  };
}
