import assert from 'node:assert/strict';
import { copyFileSync, createReadStream, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { basename, join } from 'node:path';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import type { Db } from 'mongodb';
import { readArchive } from '../../src/connectors/mongodb/archive.ts';
import type { Database } from '../../src/core/database.ts';
import { perform } from '../../src/perform.ts';
import { describeWithTools, canary, mongodbServer, startMongodb, type MongodbServer } from '../helpers/mongodbServer.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { fillLarge, fillSample, spoil } from './mongodbSamples.ts';

const connectors = ['MongoDumpConnector', 'MongoDriverConnector'] as const;

describeWithTools('MongoDB, when something is wrong', function () {
  this.timeout(120_000);
  let server: MongodbServer;
  let bench: Bench;
  let workspace: TestWorkspace;
  let shop: Db;
  before(async function () {
    server = await mongodbServer(this);
    shop = server.fresh();
    await fillSample(shop, 50);
  });
  after(() => server.rest());
  beforeEach(async () => {
    bench = await makeBench();
    workspace = makeWorkspace();
  });
  afterEach(async () => {
    workspace.remove();
    await removeBench(bench);
  });

  const backup = (database: Database): Promise<unknown> => {
    const { dumps, stateDirectory } = workspace;
    return perform({ kind: 'backup', database, dumps, stateDirectory }, recordingRun());
  };
  const restore = (database: Database, dump: string, safetyBackup = true): Promise<unknown> => {
    const { dumps, stateDirectory } = workspace;
    return perform({ kind: 'restore', database, dump, dumps: { ...dumps, safetyBackup }, stateDirectory }, recordingRun());
  };
  const files = (): string[] => readdirSync(workspace.dumps.directory).filter((name) => name !== '.gitignore');

  for (const connector of connectors) {
    it(`says which password, user or database of users is wrong, with ${connector}`, async () => {
      for (const keys of [{ PASSWORD: 'wrong' }, { USER: 'nobody' }, { AUTH_SOURCE: 'elsewhere' }, { AUTH_SOURCE: undefined }]) {
        await rejectsWith(backup(server.resolved(connector, shop.databaseName, keys)), 'connection.wrongPassword');
      }
      for (const keys of [{ USER: undefined, PASSWORD: undefined }]) {
        await rejectsWith(backup(server.resolved(connector, shop.databaseName, keys)), 'connection.denied');
      }
      assert.deepEqual(files(), []);
    });

    it(`finds a user of the database itself without AUTH_SOURCE, with ${connector}`, async () => {
      const name = server.fresh().databaseName;
      await server.createUser('own', [{ role: 'dbOwner', db: name }], name);
      await server.database(name).collection('a').insertOne({ a: 1 });
      const database = server.resolved(connector, name, { USER: 'own', PASSWORD: canary, AUTH_SOURCE: undefined });
      const { file } = await bench.dump(connector, database);
      assert.deepEqual((await bench.verify(file)).tables, [{ name: 'a', rows: 1 }]);
    });

    it(`says that no server answers, that a host is not known, and that a server is silent, with ${connector}`, async () => {
      const silent = await silentServer();
      try {
        const at = (keys: object): Database => server.resolved(connector, shop.databaseName, { ...keys });
        const from = performance.now();
        await rejectsWith(backup(at({ PORT: 1 })), 'connection.refused');
        assert.ok(performance.now() - from < 10_000, 'a dead server is told of within ten seconds');
        await rejectsWith(backup(at({ HOST: 'no-such-host.invalid' })), 'connection.unknownHost');
        await rejectsWith(backup(at({ PORT: silent.port })), 'connection.timedOut');
      } finally {
        silent.server.close();
      }
    });

    it(`leaves no dump of a server that dies in mid-dump, with ${connector}`, async () => {
      const own = await startMongodb();
      try {
        const db = own.fresh();
        await fillLarge(db);
        const database = own.resolved(connector, db.databaseName);
        await own.rest();
        const { dumps, stateDirectory } = workspace;
        const run = {
          ...recordingRun(),
          progress: ({ phase }: { phase: string }) => void (phase === 'dumping' && own.stop('SIGKILL')),
        };
        await rejectsWith(
          perform({ kind: 'backup', database, dumps, stateDirectory }, run),
          ...['connection.lost', 'connection.refused', 'connection.timedOut'],
        );
        assert.deepEqual(files(), []);
      } finally {
        await own.rest();
      }
    });

    it(`leaves the target alone when the dump is cut or changed, made here or not, with ${connector}`, async () => {
      const made = await backup(server.resolved(connector, shop.databaseName));
      const dump = fileOf(made);
      const target = server.fresh();
      await fillSample(target, 10);
      const database = server.resolved(connector, target.databaseName);
      const before = await server.hashOf(target.databaseName);
      const bytes = readFileSync(dump);
      for (const part of [0.1, 0.5, 0.9]) {
        const at = Math.floor(bytes.length * part);
        // Beside its manifest, and as a stranger's without one.
        const cut = join(workspace.folder, 'cut');
        writeFileSync(cut, bytes.subarray(0, at));
        await rejectsWith(restore(database, cut), 'dumps.truncated', 'dumps.damaged');
        writeFileSync(dump, flipped(bytes, at));
        await rejectsWith(restore(database, dump), 'dumps.damaged');
        writeFileSync(dump, bytes);
      }
      const other = join(workspace.folder, 'other');
      writeFileSync(other, 'not an archive');
      await rejectsWith(restore(database, other), 'dumps.unknownFormat');
      assert.equal(await server.hashOf(target.databaseName), before);
      await restore(database, dump);
    });

    it(`leaves nothing of a restore that fails in a database that was not there, with ${connector}`, async () => {
      const twice = server.fresh();
      await twice.collection('a').insertMany([{ a: 1 }, { a: 1 }]);
      await twice.collection('a').createIndex({ a: 1 }, { sparse: true }, {});
      const { file } = await bench.dump(connector, server.resolved(connector, twice.databaseName));
      // An index that its documents do not allow, which shows only when they are all there.
      const bytes = readFileSync(file);
      bytes.write('"unique":true', bytes.indexOf('"sparse":true'));
      writeFileSync(file, bytes);
      const name = server.fresh().databaseName;
      await assert.rejects(bench.restore(connector, server.resolved(connector, name), file));
      assert.deepEqual(await server.database(name).listCollections().toArray(), []);
    });

    it(`undoes a restore completely: collections that it made go, with ${connector}`, async () => {
      const target = server.fresh();
      await fillSample(target, 10);
      await spoil(target);
      await target.dropCollection('strict');
      const before = await server.hashOf(target.databaseName);
      const made = await backup(server.resolved(connector, shop.databaseName));
      const database = server.resolved(connector, target.databaseName);
      const restored = await restore(database, fileOf(made));
      await target.createCollection('made view', { viewOn: 'log', pipeline: [] });
      assert.ok((await target.listCollections().toArray()).some(({ name }) => name === 'strict'));
      assert.ok(typeof restored === 'object' && restored !== null && 'safetyFile' in restored);
      const { dumps, stateDirectory } = workspace;
      const run = recordingRun();
      const undo = { kind: 'restore', database, dump: String(restored.safetyFile), dumps, stateDirectory } as const;
      await perform(undo, run);
      assert.equal(await server.hashOf(target.databaseName), before);
      const [question] = run.questions;
      assert.ok(question?.kind === 'confirmRestore');
      assert.deepEqual(question.preview.removed, [{ name: 'strict', rows: 1 }]);
      assert.deepEqual([question.preview.lost, question.preview.kept], [['made view'], []]);
    });

    it(`rolls back to the state before, when a restore fails half way, with ${connector}`, async () => {
      const target = server.fresh();
      await fillSample(target, 10);
      await target.collection('customers').insertOne({ name: 'name 3 of the dump', i: 3 });
      await target.dropCollection('strict');
      const before = await server.hashOf(target.databaseName);
      const made = await backup(server.resolved(connector, shop.databaseName));
      const database = server.resolved(connector, target.databaseName, { DROP: false });
      await target.collection('types').deleteMany({});
      await target.collection('types').insertOne({ a: 'now' });
      const now = await server.hashOf(target.databaseName);
      assert.notEqual(now, before);
      await rejectsWith(restore(database, fileOf(made)), 'restore.rolledBack');
      assert.equal(await server.hashOf(target.databaseName), now);
    });
  }

  it('finds every cut of an archive at 100 points, and every changed bit of 200 in its blocks', async () => {
    const { file } = await bench.dump('MongoDumpConnector', server.resolved('MongoDumpConnector', shop.databaseName));
    const bytes = readFileSync(file);
    const changed = join(bench.dumps, 'changed');
    for (let point = 0; point < 100; point += 1) {
      copyFileSync(file, changed);
      truncateSync(changed, 4 + Math.floor(((bytes.length - 5) * point) / 100));
      await rejectsWith(bench.verify(changed, 'quick'), 'dumps.truncated', 'dumps.damaged');
    }
    const from = await preludeBytes(file);
    for (let flip = 0; flip < 200; flip += 1) {
      writeFileSync(changed, flipped(bytes, from + Math.floor(((bytes.length - from) * flip) / 200), flip % 8));
      await rejectsWith(bench.verify(changed, 'quick'), 'dumps.truncated', 'dumps.damaged');
    }
  });

  for (const connector of connectors) {
    it(`finds every changed bit in the blocks of a small archive, with ${connector}`, async () => {
      const db = server.fresh();
      await db.collection('a').insertMany([{ a: 1 }, { b: 'x' }]);
      await db.createCollection('empty');
      const { file } = await bench.dump(connector, server.resolved(connector, db.databaseName));
      const bytes = readFileSync(file);
      const changed = join(bench.dumps, 'changed');
      for (let bit = (await preludeBytes(file)) * 8; bit < bytes.length * 8; bit += 1) {
        writeFileSync(changed, flipped(bytes, Math.floor(bit / 8), bit % 8));
        await rejectsWith(bench.verify(changed, 'quick'), 'dumps.truncated', 'dumps.damaged');
      }
    });
  }

  it('refuses an archive of several databases, and one of none', async () => {
    const other = server.fresh();
    await other.collection('a').insertOne({ a: 1 });
    const [one, two] = await Promise.all(
      [shop, other].map(async (db) =>
        readFileSync((await bench.dump('MongoDriverConnector', server.resolved('MongoDriverConnector', db.databaseName))).file),
      ),
    );
    assert.ok(one !== undefined && two !== undefined);
    const head = 4 + one.readInt32LE(4);
    const listOf = (bytes: Buffer): number => bytes.indexOf(Buffer.from([255, 255, 255, 255]));
    const joined = Buffer.concat([
      one.subarray(0, listOf(one)),
      two.subarray(head, listOf(two)),
      one.subarray(listOf(one)),
      two.subarray(listOf(two) + 4),
    ]);
    const several = join(bench.dumps, 'several');
    writeFileSync(several, joined);
    assert.ok((await bench.verify(several)).tables.some(({ name }) => name === `${other.databaseName}.a`));
    const none = join(bench.dumps, 'none');
    writeFileSync(none, Buffer.concat([one.subarray(0, head), Buffer.from([255, 255, 255, 255])]));
    const before = await server.hashOf(other.databaseName);
    for (const connector of connectors) {
      await rejectsWith(bench.restore(connector, server.resolved(connector, other.databaseName), several), 'restore.refused');
      await rejectsWith(bench.restore(connector, server.resolved(connector, other.databaseName), none), 'dumps.damaged');
    }
    assert.equal(await server.hashOf(other.databaseName), before);
    assert.equal(basename(none), 'none');
  });
});

function fileOf(result: unknown): string {
  assert.ok(typeof result === 'object' && result !== null && 'file' in result);
  return String(result.file);
}

function flipped(bytes: Buffer, at: number, bit = 0): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8((changed[at] ?? 0) ^ (1 << bit), at);
  return changed;
}

/** Where the list of an archive ends and its blocks begin. */
async function preludeBytes(file: string): Promise<number> {
  const { collections } = await readArchive(createReadStream(file), { depth: 'length' });
  assert.ok(collections.length > 0);
  return readFileSync(file).indexOf(Buffer.from([255, 255, 255, 255])) + 4;
}

/** Takes connections and says nothing. */
function silentServer(): Promise<{ server: Server; port: number }> {
  const server = createServer(
    (socket) =>
      void socket
        .on('error', () => undefined)
        .resume()
        .unref(),
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}
