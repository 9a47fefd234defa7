import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import type { Db } from 'mongodb';
import { readArchive } from '../../src/connectors/mongodb/archive.ts';
import { describeWithTools, mongodbServer, type MongodbServer } from '../helpers/mongodbServer.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { fillLargest, fillOdd, fillSample, oddNames, spoil } from './mongodbSamples.ts';

const connectors = ['MongoDumpConnector', 'MongoDriverConnector'] as const;

describeWithTools('archives of MongoDB, by the tools and by the driver', function () {
  this.timeout(240_000);
  let server: MongodbServer;
  let bench: Bench;
  let odd: Db;
  let sample: Db;
  before(async function () {
    server = await mongodbServer(this);
    this.timeout(240_000);
    [odd, sample] = [server.fresh(), server.fresh()];
    await fillOdd(odd, 20_000);
    await fillLargest(odd);
    await fillSample(sample, 100);
  });
  after(() => server.rest());
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  for (const from of connectors) {
    it(`hold 20,000 documents of every type and one of 16 MiB, made with ${from} and restored with both`, async () => {
      const before = await server.hashOf(odd.databaseName);
      const { file, facts } = await bench.dump(from, server.resolved(from, odd.databaseName));
      assert.deepEqual(facts.warnings, []);
      assert.deepEqual(
        facts.contents.tables.map(({ name }) => name),
        [...oddNames, 'largest'].toSorted((a, b) => (a < b ? -1 : 1)),
      );
      for (const to of connectors) {
        const target = server.fresh();
        await bench.restore(to, server.resolved(to, target.databaseName), file);
        assert.equal(await server.hashOf(target.databaseName), before, to);
        await target.dropDatabase();
      }
      assert.equal(await server.hashOf(odd.databaseName), before);
    });

    for (const to of connectors) {
      it(`made with ${from}, replace what a database holds by what they hold with ${to}, and keep other collections`, async () => {
        const { file } = await bench.dump(from, server.resolved(from, sample.databaseName));
        const target = server.fresh();
        await fillSample(target, 30);
        await spoil(target);
        await target.collection('customers').createIndex({ later: 1 }, {}, {});
        await bench.restore(to, server.resolved(to, target.databaseName), file);
        assert.equal(await target.collection('later').countDocuments(), 1);
        await target.dropCollection('later');
        assert.equal(await server.hashOf(target.databaseName), await server.hashOf(sample.databaseName));
      });

      it(`made with ${from}, with DROP false add to a database with ${to}, and stop at a document that is there`, async () => {
        const { file } = await bench.dump(from, server.resolved(from, sample.databaseName));
        const target = server.fresh();
        await target.collection('other').insertOne({ a: 1 });
        const database = server.resolved(to, target.databaseName, { DROP: false });
        await bench.restore(to, database, file);
        assert.equal(await target.collection('other').countDocuments(), 1);
        await rejectsWith(bench.restore(to, database, file), 'restore.incomplete');
        await target.dropCollection('other');
        assert.equal(await server.hashOf(target.databaseName), await server.hashOf(sample.databaseName));
      });
    }
  }

  it('say the same of a database, whichever connector makes them', async () => {
    const [tool, driver] = await Promise.all(
      connectors.map(async (connector) =>
        described((await bench.dump(connector, server.resolved(connector, sample.databaseName))).file),
      ),
    );
    assert.deepEqual(driver, tool);
  });

  it('are restored although a validator refuses a document that is older than it', async () => {
    const db = server.fresh();
    await db.collection('old').insertOne({ a: 'text' });
    await db.command({ collMod: 'old', validator: { a: { $type: 'int' } }, validationAction: 'error' });
    for (const connector of connectors) {
      const { file } = await bench.dump(connector, server.resolved(connector, db.databaseName));
      const target = server.fresh();
      await bench.restore(connector, server.resolved(connector, target.databaseName), file);
      assert.equal(await server.hashOf(target.databaseName), await server.hashOf(db.databaseName), connector);
    }
  });

  for (const connector of connectors) {
    it(`leave out what EXCLUDE names, and warn of a name that no collection has (D8), with ${connector}`, async () => {
      const exclude = ['log', 'files.chunks', 'no such'];
      const database = server.resolved(connector, sample.databaseName, { EXCLUDE: exclude });
      const { file, facts } = await bench.dump(connector, database);
      const names = (await bench.verify(file)).tables.map(({ name }) => name);
      assert.ok(!names.includes('log') && !names.includes('files.chunks') && names.includes('files.files'));
      assert.equal(facts.warnings.length, 1);
      assert.match(facts.warnings[0] ?? '', /no such/);
    });
  }
});

/** What an archive says of each collection, and the hash of its documents in their order. */
async function described(file: string): Promise<unknown> {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  const { collections } = await readArchive(createReadStream(file), {
    depth: 'deep',
    onDocuments: ({ name }, { bytes }) => {
      const hash = hashes.get(name) ?? createHash('sha256');
      hashes.set(name, hash);
      hash.update(bytes);
      return Promise.resolve();
    },
  });
  return collections
    .map(({ name, database, documents, metadata: { kind, options, indexes } }) => ({
      ...{ name, database, documents, kind, options, indexes },
      hash: hashes.get(name)?.digest('hex'),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
