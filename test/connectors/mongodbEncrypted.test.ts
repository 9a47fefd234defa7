import { mkdtempSync, rmSync } from 'node:fs';
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import type { Db } from 'mongodb';
import { writeCertificate } from '../helpers/certificates.ts';
import { describeWithTools, requireMongodb, startMongodb, type MongodbServer } from '../helpers/mongodbServer.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { fillSample } from './mongodbSamples.ts';

describeWithTools('MongoDB behind TLS', function () {
  this.timeout(120_000);
  let folder: string;
  let server: MongodbServer;
  let shop: Db;
  let bench: Bench;
  const certificate = (): string => join(folder, 'server.pem');
  before(async function () {
    requireMongodb(this);
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-certificate-'));
    writeCertificate(certificate());
    writeCertificate(join(folder, 'other.pem'));
    server = await startMongodb({ certificate: certificate() });
    shop = server.fresh();
    await fillSample(shop, 50);
  });
  after(async () => {
    await server.rest();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  const byUri = (authority: string): Readonly<Record<string, unknown>> => ({
    HOST: `mongodb://127.0.0.1:${server.port}/?directConnection=true&tls=true&tlsCAFile=${encodeURIComponent(authority)}`,
  });
  const byWords = (authority: string): Readonly<Record<string, unknown>> => {
    const words = `--ssl "--sslCAFile=${authority}"`;
    return { DUMP_SUFFIX: words, RESTORE_SUFFIX: words };
  };

  for (const [connector, how, keys] of [
    ['MongoDumpConnector', 'a HOST that is a URI', byUri],
    ['MongoDumpConnector', 'words of the tool', byWords],
    ['MongoDriverConnector', 'a HOST that is a URI', byUri],
  ] as const) {
    it(`is dumped and restored with ${connector}, by ${how}`, async () => {
      const { file } = await bench.dump(connector, server.resolved(connector, shop.databaseName, keys(certificate())));
      const target = server.fresh();
      await bench.restore(connector, server.resolved(connector, target.databaseName, keys(certificate())), file);
      assert.equal(await server.hashOf(target.databaseName), await server.hashOf(shop.databaseName));
    });

    it(`is not spoken to when nobody vouches for it, with ${connector}, by ${how}`, async () => {
      const strange = server.resolved(connector, shop.databaseName, keys(join(folder, 'other.pem')));
      await rejectsWith(bench.dump(connector, strange), 'connection.denied');
    });
  }

  it('is not reached without TLS', async () => {
    for (const connector of ['MongoDumpConnector', 'MongoDriverConnector'])
      await rejectsWith(bench.dump(connector, server.resolved(connector, shop.databaseName)), 'connection.lost');
  });
});
