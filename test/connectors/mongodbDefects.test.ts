import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import type { Db } from 'mongodb';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { perform } from '../../src/perform.ts';
import { describeWithTools, canary, mongodbServer, startMongodb, type MongodbServer } from '../helpers/mongodbServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeWorkspace, recordingRun } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { fillLarge, fillSample, oddNames } from './mongodbSamples.ts';

const connectors = ['MongoDumpConnector', 'MongoDriverConnector'] as const;
const forms = [canary, encodeURIComponent(canary), JSON.stringify(canary).slice(1, -1), Buffer.from(canary).toString('base64')];

describeWithTools('what goes wrong elsewhere with MongoDB', function () {
  this.timeout(120_000);
  let server: MongodbServer;
  let bench: Bench;
  let shop: Db;
  before(async function () {
    server = await mongodbServer(this);
    shop = server.fresh();
    await fillSample(shop, 20);
  });
  after(() => server.rest());
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  const uri = (more = ''): string => `mongodb://${server.user}:${encodeURIComponent(canary)}@127.0.0.1:${server.port}/${more}`;
  const inUri = (connector: string, name: string, host = uri()): Database =>
    server.resolved(connector, name, {
      HOST: host,
      PORT: undefined,
      USER: undefined,
      PASSWORD: undefined,
      AUTH_SOURCE: undefined,
    });

  it('G1: the password is in no argument and no variable of a tool, whether it stands in PASSWORD or in a URI', async () => {
    const archive = (await bench.dump('MongoDumpConnector', server.resolved('MongoDumpConnector', shop.databaseName))).file;
    const give = `process.stdout.write(fs.readFileSync(${JSON.stringify(archive)}));
      const config = argv.find((word) => word.startsWith('--config=')).slice(9);
      fs.writeFileSync(${JSON.stringify(join(bench.tools, 'config'))}, fs.readFileSync(config) + (fs.statSync(config).mode & 0o777).toString(8));`;
    const tool = makeRecordingTool(join(bench.tools, 'mongodump'), { version: 'mongodump version: 100.18.0', script: give });
    for (const database of [
      server.resolved('MongoDumpConnector', shop.databaseName),
      inUri('MongoDumpConnector', shop.databaseName),
    ]) {
      await bench.dump('MongoDumpConnector', { ...database, keys: { ...database.keys, DUMP_CMD: tool.path } });
      assert.equal(await readFile(join(bench.tools, 'config'), 'utf8'), `password: ${JSON.stringify(canary)}\n600`);
    }
    const [plain, fromUri] = tool.calls().map(({ argv, env }) => {
      assert.ok(forms.every((form) => !JSON.stringify([argv, env]).includes(JSON.stringify(form).slice(1, -1))));
      return argv.map((word) => word.replace(/^--config=.*/, '--config=F'));
    });
    assert.deepEqual(plain, [
      '--config=F',
      '--host=127.0.0.1',
      `--port=${server.port}`,
      '--username=tester',
      '--authenticationDatabase=admin',
      '--serverSelectionTimeout=5',
      `--db=${shop.databaseName}`,
      '--archive',
    ]);
    assert.deepEqual(fromUri, [
      '--config=F',
      `--uri=mongodb://tester@127.0.0.1:${server.port}/?authSource=admin&serverSelectionTimeoutMS=5000`,
      `--db=${shop.databaseName}`,
      '--archive',
    ]);
    assert.deepEqual(readdirSync(bench.scratch), []);
  });

  it('G1: the password is in none of 1,000 samples of what the tools are started with, nor in any log', async () => {
    const large = server.fresh();
    await fillLarge(large);
    const samples: string[] = [];
    const over = new AbortController();
    const sampling = (async () => {
      while (!over.signal.aborted) {
        samples.push(...toolArguments());
        await setImmediate();
      }
    })();
    const target = server.fresh().databaseName;
    for (let round = 0; round < 2 || samples.length < 1000; round += 1) {
      const of = round % 2 === 0 ? server.resolved.bind(server) : inUri;
      const { file } = await bench.dump('MongoDumpConnector', of('MongoDumpConnector', large.databaseName));
      await bench.restore('MongoDumpConnector', of('MongoDumpConnector', target), file);
    }
    over.abort();
    await sampling;
    assert.ok(samples.some((text) => text.includes('mongorestore')) && samples.some((text) => text.includes('--uri=')));
    for (const form of forms) assert.ok(!samples.some((text) => text.includes(form)) && !bench.log.join('\n').includes(form));
  });

  it('G1: an error and the log of a failed job show no password that stood in a URI', async () => {
    const workspace = makeWorkspace();
    try {
      for (const connector of connectors) {
        const run = recordingRun();
        const database = inUri(connector, shop.databaseName, uri('?authSource=elsewhere'));
        const { dumps, stateDirectory } = workspace;
        const error: unknown = await perform({ kind: 'backup', database, dumps, stateDirectory }, run).catch(
          (reason: unknown) => reason,
        );
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'connection.wrongPassword');
        const said = [error.message, String(error.hint), ...run.lines].join('\n');
        for (const form of forms) assert.ok(!said.includes(form), said);
      }
    } finally {
      workspace.remove();
    }
  });

  for (const connector of connectors) {
    it(`G2: HOST may be a whole URI, with ${connector}`, async () => {
      const target = server.fresh().databaseName;
      for (const more of ['', '?directConnection=true&appName=a%20b', 'admin?retryWrites=true', `other?authSource=admin`]) {
        const { file } = await bench.dump(connector, inUri(connector, shop.databaseName, uri(more)));
        await bench.restore(connector, inUri(connector, target, uri(more)), file);
        assert.equal(await server.hashOf(target), await server.hashOf(shop.databaseName));
      }
    });

    it(`G3: a dump of another database goes into NAME, and leaves the other alone, with ${connector}`, async () => {
      const source = server.fresh();
      await source.collection('a').insertOne({ a: 1 });
      await source.createCollection('v', { viewOn: 'a', pipeline: [] });
      const before = await server.hashOf(source.databaseName);
      const { file } = await bench.dump(connector, server.resolved(connector, source.databaseName));
      await source.collection('a').insertOne({ a: 2 });
      const now = await server.hashOf(source.databaseName);
      const target = server.fresh().databaseName;
      await bench.restore(connector, server.resolved(connector, target), file);
      assert.equal(await server.hashOf(target), before);
      assert.equal(await server.hashOf(source.databaseName), now);
    });

    it(`G4: duplicates with DROP false are a failure, with ${connector}`, async () => {
      const database = server.resolved(connector, shop.databaseName, { DROP: false });
      const { file } = await bench.dump(connector, database);
      await rejectsWith(bench.restore(connector, database, file), 'restore.incomplete');
    });

    it(`G5: a database that does not exist is an error, and leaves no dump, with ${connector}`, async () => {
      const workspace = makeWorkspace();
      try {
        const { dumps, stateDirectory } = workspace;
        const database = server.resolved(connector, server.fresh().databaseName);
        await rejectsWith(
          perform({ kind: 'backup', database, dumps, stateDirectory }, recordingRun()),
          'connection.unknownDatabase',
        );
        assert.deepEqual(
          readdirSync(dumps.directory).filter((name) => name !== '.gitignore'),
          [],
        );
      } finally {
        workspace.remove();
      }
    });
  }

  it('G2: HOST may be a replica set, as a URI and as the tools write it', async () => {
    const replica = await startMongodb({ isReplicaSet: true });
    try {
      const db = replica.fresh();
      await fillSample(db, 10);
      const at = `127.0.0.1:${replica.port}`;
      const whole = `mongodb://${replica.user}:${encodeURIComponent(canary)}@${at}/?replicaSet=secantus`;
      for (const HOST of [`secantus/${at}`, whole]) {
        for (const connector of connectors) {
          const database = replica.resolved(connector, db.databaseName, { HOST, PORT: undefined });
          const { file } = await bench.dump(connector, database);
          const target = replica.fresh().databaseName;
          await bench.restore(connector, { ...database, keys: { ...database.keys, NAME: target } }, file);
          assert.equal(await replica.hashOf(target), await replica.hashOf(db.databaseName));
        }
      }
    } finally {
      await replica.rest();
      await replica.stop('SIGKILL');
    }
  });

  it('G2: a URI with SRV, TLS and passwords goes to the tools without what is secret in it', async () => {
    const HOST = `mongodb+srv://ad%40a:${encodeURIComponent(canary)}@cluster.example.org/?tls=true&tlsCertificateKeyFile=/k.pem&tlsCertificateKeyFilePassword=se%20cret&w=majority`;
    const keys = {
      HOST,
      PORT: undefined,
      USER: undefined,
      PASSWORD: undefined,
      AUTH_SOURCE: 'people',
      NAME: 'shop',
      EXCLUDE: ['a b'],
    };
    const connector = await connectorFor('MongoDumpConnector');
    const { dump, restore } = await connector.describe(server.resolved('MongoDumpConnector', 'shop', keys));
    const options = 'tls=true&tlsCertificateKeyFile=/k.pem&w=majority&authSource=people&serverSelectionTimeoutMS=5000';
    const where = ['--config=FILE', `--uri=mongodb+srv://ad%40a@cluster.example.org/?${options}`];
    assert.deepEqual(dump[0]?.args, [...where, '--db=shop', '--excludeCollection=a b', '--archive']);
    const words = ['--archive', '--objcheck', '--drop', '--stopOnError', '--nsInclude=shop.*'];
    assert.deepEqual(restore[0]?.args, [...where, ...words]);
  });

  it('leaves out what words of DUMP_SUFFIX say, with a warning; what is missing without such words is refused', async () => {
    const words = '--excludeCollection=log';
    const at = (keys: Readonly<Record<string, unknown>>): Database =>
      server.resolved('MongoDumpConnector', shop.databaseName, keys);
    const { facts } = await bench.dump('MongoDumpConnector', at({ DUMP_SUFFIX: words }));
    assert.ok(!facts.contents.tables.some(({ name }) => name === 'log'));
    assert.ok(facts.warnings.includes('The collection log is not in the dump.'), facts.warnings.join());
    const script = `const real = require('node:child_process').spawnSync('${at({}).tools['mongodump'] ?? ''}', [...argv, '${words}'], { stdio: ['ignore', 'inherit', 'inherit'] });
      process.exitCode = real.status`;
    const tool = makeRecordingTool(join(bench.tools, 'mongodump'), { version: 'mongodump version: 100.18.0', script });
    await rejectsWith(bench.dump('MongoDumpConnector', at({ DUMP_CMD: [tool.path] })), 'dump.refused');
  });

  it('G4: documents that failed are a failure although the tool ends with 0', async () => {
    const said = '2026-01-01T00:00:00.000+0000\t7 document(s) restored successfully. 2 document(s) failed to restore.';
    const script = `process.stderr.write(${JSON.stringify(`${said}\n`)})`;
    const tool = makeRecordingTool(join(bench.tools, 'mongorestore'), { version: 'mongorestore version: 100.18.0', script });
    const { file } = await bench.dump('MongoDumpConnector', server.resolved('MongoDumpConnector', shop.databaseName));
    const keys = { RESTORE_CMD: tool.path, DROP: false, OBJECT_CHECK: false };
    const target = server.resolved('MongoDumpConnector', 'other *name\\', keys);
    await rejectsWith(bench.restore('MongoDumpConnector', target, file), 'restore.incomplete');
    const argv = tool.calls()[0]?.argv ?? [];
    assert.deepEqual(argv.slice(argv.indexOf('--archive')), [
      '--archive',
      '--stopOnError',
      '--bypassDocumentValidation',
      `--nsInclude=${shop.databaseName}.*`,
      `--nsFrom=${shop.databaseName}.*`,
      '--nsTo=other \\*name\\\\.*',
    ]);
  });

  it('a missing mongodump is said with what to install, and with the connector that needs none', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = bench.tools;
    try {
      const database = { ...server.resolved('MongoDumpConnector', shop.databaseName), tools: {} };
      await assert.rejects(bench.dump('MongoDumpConnector', database), (error) => {
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'tool.missing');
        assert.match(String(error.hint), /mongodb-database-tools.*MongoDriverConnector/);
        return true;
      });
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('names of collections that patterns and shells read otherwise are excluded by their letters only', async () => {
    const db = server.fresh();
    for (const name of [...oddNames, 'axb']) await db.collection(name).insertOne({ name });
    for (const connector of connectors) {
      const { file, facts } = await bench.dump(connector, server.resolved(connector, db.databaseName, { EXCLUDE: oddNames }));
      assert.deepEqual(facts.warnings, []);
      assert.deepEqual((await bench.verify(file)).tables, [{ name: 'axb', rows: 1 }]);
    }
  });
});

/** The arguments of every mongodump and mongorestore that runs now, those of the program before them included. */
function toolArguments(): string[] {
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      return /mongo(dump|restore)\0/.test(words) ? [words] : [];
    } catch {
      return [];
    }
  });
}
