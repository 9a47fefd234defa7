import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { makeAuthority, meanings, refusals, type Authority, type Certified } from '../helpers/certificates.ts';
import { mariadbServer, startServer, type MariadbServer } from '../helpers/mariadbServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeBench, rejectsSaying, rejectsWith, removeBench, type Bench } from './contract.ts';
import { largeSql, sampleSql } from './mysqlSamples.ts';

const mysql = 'MysqlDumpConnector';

describe('MariaDB behind TLS', function () {
  this.timeout(120_000);
  let folder: string;
  let authority: Authority;
  let stranger: Authority;
  let own: Certified;
  let server: MariadbServer;
  let shop: string;
  let bench: Bench;
  before(async function () {
    await mariadbServer(this);
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-certificates-'));
    authority = makeAuthority(folder, 'authority');
    stranger = makeAuthority(folder, 'stranger');
    own = authority.sign('certified');
    const certificates = authority.signServer('db.example.org', 'IP:127.0.0.1');
    server = await startServer({ certificates });
    await server.createUser('certified', 'GRANT ALL ON *.* TO @');
    await server.query("ALTER USER 'certified'@'%' REQUIRE X509");
    shop = await server.createDatabase();
    await server.script(sampleSql, shop);
  });
  after(() => {
    server.signal('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  interface Change {
    readonly ssl?: object;
    readonly mode?: string | undefined;
    readonly name?: string;
    readonly keys?: object;
  }
  /** A database of a user who needs a certificate; undefined takes a file away. */
  const at = ({ ssl = {}, mode, name = shop, keys = {} }: Change = {}): Database => {
    const options = { ssl: { ca: authority.certificate, cert: own.cert, key: own.key, ...ssl }, ssl_mode: mode };
    return server.resolved(name, { USER: 'certified', OPTIONS: options, ...keys });
  };
  const inspect = async (database: Database): Promise<unknown> =>
    (await connectorFor(mysql)).inspect(database, bench, bench.run());
  const denied = (promise: Promise<unknown>, meaning: string): Promise<void> =>
    rejectsSaying(promise, 'connection.denied', meaning);

  for (const mode of [undefined, 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY']) {
    it(`is dumped, restored and led back by a certificate, with ssl_mode ${mode ?? 'left out'}`, async () => {
      const { file } = await bench.dump(mysql, at({ mode }));
      const absent = `absent_${mode ?? ''}`;
      await bench.restore(mysql, at({ mode, name: absent }), file);
      assert.equal(await server.hashOf(absent), await server.hashOf(shop));
      const target = at({ mode, name: await server.createDatabase() });
      const name = String(target.keys['NAME']);
      await server.script('CREATE TABLE customers (a INT)', name);
      const [before, safety] = [await server.hashOf(name), await bench.safetyDump(mysql, target)];
      await bench.restore(mysql, target, file);
      assert.equal(await server.hashOf(name), await server.hashOf(shop));
      await bench.undo(mysql, target, safety);
      assert.equal(await server.hashOf(name), before);
    });
  }

  it('is reached without a certificate of its authority, and by its socket', async () => {
    await bench.dump(mysql, at({ ssl: { ca: undefined } }));
    await bench.dump(mysql, at({ ssl: { ca: undefined }, mode: 'PREFERRED' }));
    await bench.dump(mysql, at({ keys: { HOST: server.socket } }));
    const anyone = { USER: 'admin', OPTIONS: { ssl: true } };
    await bench.dump(mysql, server.resolved(shop, anyone));
  });

  it('is known by its authority, and by its name in VERIFY_IDENTITY', async () => {
    await bench.dump(mysql, at({ mode: 'VERIFY_CA', keys: { HOST: 'localhost' } }));
    await denied(inspect(at({ mode: 'VERIFY_IDENTITY', keys: { HOST: 'localhost' } })), meanings.wrongName);
  });

  it('is not spoken to when nobody who is trusted vouches for it', async () => {
    for (const mode of [undefined, 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'])
      await denied(inspect(at({ ssl: { ca: stranger.certificate }, mode })), meanings.unknownServer);
    await denied(inspect(at({ ssl: { ca: undefined }, mode: 'VERIFY_CA' })), meanings.unknownServer);
  });

  it('refuses a user without the certificate, and one with a stranger’s', async () => {
    await rejectsWith(inspect(at({ ssl: { cert: undefined, key: undefined } })), 'connection.wrongPassword');
    await rejectsWith(inspect(at({ mode: 'DISABLED' })), 'connection.wrongPassword');
    const theirs = stranger.sign('certified');
    const byTheTool = { DUMP_SUFFIX: `--ssl-cert=${theirs.cert} --ssl-key=${theirs.key}` };
    for (const refused of [inspect(at({ ssl: theirs })), bench.dump(mysql, at({ keys: byTheTool }))])
      await rejectsWith(refused, ...refusals);
  });

  it('says what the tools say of all that, in the same words', async function () {
    const plain = await mariadbServer(this);
    const theirs = stranger.sign('certified');
    const suffixes = [
      [`--ssl-ca=${stranger.certificate}`, meanings.unknownServer],
      [`--ssl-ca=${stranger.certificate} --ssl-verify-server-cert`, meanings.unknownServer],
      ['--host=localhost --ssl-verify-server-cert', meanings.wrongName],
      ['--ssl-key=/nonexistent', meanings.failed],
      [`--ssl-key=${theirs.key}`, meanings.failed],
      [`--ssl-verify-server-cert --port=${plain.port}`, meanings.unencrypted],
    ] as const;
    for (const [suffix, meaning] of suffixes) await denied(bench.dump(mysql, at({ keys: { DUMP_SUFFIX: suffix } })), meaning);
  });

  it('is not asked for encryption that it does not have', async function () {
    const plain = await mariadbServer(this);
    const name = await plain.createDatabase();
    for (const OPTIONS of [{ ssl: { ca: authority.certificate } }, { ssl: true }, { ssl_mode: 'REQUIRED' }])
      await denied(inspect(plain.resolved(name, { OPTIONS })), meanings.unencrypted);
    await bench.dump(mysql, plain.resolved(name, { OPTIONS: { ssl_mode: 'DISABLED' } }));
    await bench.dump(mysql, plain.resolved(name, { OPTIONS: { ssl_mode: 'PREFERRED', charset: 'utf8mb4' } }));
  });

  it('has ended the connection when it is gone in mid-dump', async () => {
    const brief = await startServer({ certificates: authority.signServer('brief.example.org') });
    const name = await brief.createDatabase();
    await brief.script(largeSql, name);
    const progress = ({ doneBytes = 0 }: { doneBytes?: number | undefined }): void => {
      if (doneBytes > 0) brief.signal('SIGKILL');
    };
    const database = brief.resolved(name, { OPTIONS: { ssl: { ca: authority.certificate } } });
    await rejectsWith(bench.dump(mysql, database, { ...bench.run(), progress }), 'connection.lost');
  });

  it('is not connected to with files that cannot be used: the sentence names the first of them', async () => {
    const text = join(folder, 'text.pem');
    writeFileSync(text, 'no certificate');
    const nowhere = join(folder, 'nowhere.pem');
    const wrong = [
      [{ ca: nowhere }, 'ca', nowhere],
      [{ cert: nowhere }, 'cert', nowhere],
      [{ key: nowhere }, 'key', nowhere],
      [{ key: stranger.sign('other').key }, 'key', own.cert],
      [{ cert: text }, 'cert', text],
    ] as const;
    for (const [ssl, word, file] of wrong) await rejectsSaying(bench.dump(mysql, at({ ssl })), 'settings.invalid', word, file);
  });

  it('is found by relative paths from the workspace folder on', async () => {
    const ssl = { ca: basename(authority.certificate), cert: basename(own.cert), key: `./${basename(own.key)}` };
    await bench.dump(mysql, { ...at({ ssl }), folder });
  });

  it('gets no paths of this machine from tools in a container, and is verified there all the same', async () => {
    const docker = makeRecordingTool(join(bench.tools, 'docker'), { script: 'process.exitCode = 1' });
    const prefix = `${docker.path} compose exec -T db`;
    const { file } = await bench.dump(mysql, at());
    const inContainer = at({ keys: { DUMP_PREFIX: prefix, RESTORE_PREFIX: prefix } });
    await rejectsWith(bench.dump(mysql, inContainer), 'tool.failed');
    await rejectsWith(bench.restore(mysql, inContainer, file), 'tool.failed');
    const [dump, restore] = docker.calls();
    assert.match(dump?.stdin ?? '', /\nssl\nssl-verify-server-cert\n/);
    assert.ok(restore?.argv.includes('--ssl-verify-server-cert'));
    assert.ok(![dump?.stdin, restore?.argv.join()].join().includes(folder));
  });
});
