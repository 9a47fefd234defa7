import { after, before } from 'mocha';
import type { Db } from 'mongodb';
import type { Database } from '../../src/core/database.ts';
import { describeWithTools, mongodbServer, type MongodbServer } from '../helpers/mongodbServer.ts';
import { describeConnector } from './contract.ts';
import { fillLarge, fillSample, spoil } from './mongodbSamples.ts';

describeWithTools('MongoDB', function () {
  this.timeout(120_000);
  let server: MongodbServer;
  before(async function () {
    server = await mongodbServer(this);
  });
  after(() => server.rest());

  const dbOf = ({ keys }: Database): Db => server.database(String(keys['NAME']));
  for (const connector of ['MongoDumpConnector', 'MongoDriverConnector']) {
    const make = async (fill: (db: Db) => Promise<void>): Promise<Database> => {
      const db = server.fresh();
      await fill(db);
      return server.resolved(connector, db.databaseName);
    };
    describeConnector({
      connector,
      sample: () => make(fillSample),
      large: () => make(fillLarge),
      absent: () => server.resolved(connector, server.fresh().databaseName),
      // A database without collections is one that does not exist.
      empty: () => make(() => Promise.resolve()),
      spoil: (database) => spoil(dbOf(database)),
      contentHash: ({ keys }) => server.hashOf(String(keys['NAME'])),
      watch: (database) => {
        const customers = dbOf(database).collection('customers');
        return Promise.resolve({
          hash: async () => JSON.stringify(await customers.find({}, { sort: { i: 1 } }).toArray()),
          stop: () => Promise.resolve(),
        });
      },
      exclude: { table: 'log', effect: 'left out' },
    });
  }
});
