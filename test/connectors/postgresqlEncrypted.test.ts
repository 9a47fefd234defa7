import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { makeAuthority, meanings, refusals, type Authority, type Certified } from '../helpers/certificates.ts';
import { postgresqlServer, startServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeBench, rejectsSaying, rejectsWith, removeBench, type Bench } from './contract.ts';
import { largeSql, sampleSql } from './postgresqlSamples.ts';

const binary = 'PgDumpBinaryConnector';

describe('PostgreSQL behind TLS', function () {
  this.timeout(120_000);
  let folder: string;
  let authority: Authority;
  let stranger: Authority;
  let own: Certified;
  let server: PostgresqlServer;
  let shop: string;
  let bench: Bench;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-certificates-'));
    authority = makeAuthority(folder, 'authority');
    stranger = makeAuthority(folder, 'stranger');
    own = authority.sign('certified');
    server = await startServer({
      certificates: authority.signServer('db.example.org', 'IP:127.0.0.1'),
      access: ['hostssl all certified all cert', 'hostnossl all certified all reject'],
    });
    await server.query('postgres', 'CREATE ROLE certified LOGIN SUPERUSER');
    shop = await server.createDatabase(sampleSql);
  });
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  /** A database that is reached by certificates only; undefined takes an option away. */
  const at = (options: object = {}, { name = shop, connector = binary, keys = {} } = {}): Database => {
    const usual = { sslmode: 'verify-full', sslrootcert: authority.certificate, sslcert: own.cert, sslkey: own.key };
    return server.resolved(connector, name, { USER: 'certified', PASSWORD: null, OPTIONS: { ...usual, ...options }, ...keys });
  };
  const inspect = async (database: Database): Promise<unknown> =>
    (await connectorFor(binary)).inspect(database, bench, bench.run());
  const denied = (promise: Promise<unknown>, meaning: string): Promise<void> =>
    rejectsSaying(promise, 'connection.denied', meaning);

  for (const connector of [binary, 'PgDumpConnector']) {
    it(`is dumped, restored and led back with ${connector}, by a certificate in the place of a password`, async () => {
      const { file } = await bench.dump(connector, at({}, { connector }));
      await bench.restore(connector, at({}, { connector, name: `absent_${connector}` }), file);
      assert.equal(server.hashOf(`absent_${connector}`), server.hashOf(shop));
      const name = await server.createDatabase('CREATE TABLE fast (b text)');
      const [before, target] = [server.hashOf(name), at({}, { connector, name })];
      const safety = await bench.safetyDump(connector, target);
      await bench.restore(connector, target, file);
      assert.equal(server.hashOf(name), server.hashOf(shop));
      await bench.undo(connector, target, safety);
      assert.equal(server.hashOf(name), before);
    });
  }

  it('is known by its authority in every mode, and by its name in verify-full', async () => {
    for (const sslmode of ['prefer', 'require', 'verify-ca']) {
      await bench.dump(binary, at({ sslmode }, { keys: { HOST: 'localhost' } }));
      await bench.dump(binary, at({ sslmode, sslrootcert: sslmode === 'verify-ca' ? authority.certificate : undefined }));
    }
    await denied(inspect(at({}, { keys: { HOST: 'localhost' } })), meanings.wrongName);
  });

  it('is not spoken to when nobody who is trusted vouches for it', async () => {
    for (const sslmode of ['require', 'verify-ca', 'verify-full'])
      await denied(inspect(at({ sslmode, sslrootcert: stranger.certificate })), meanings.unknownServer);
    await denied(inspect(at({ sslrootcert: 'system' })), meanings.unknownServer);
  });

  it('says what it wants when it is shown no certificate, or a stranger’s', async () => {
    const theirs = stranger.sign('certified');
    const another = authority.sign('another');
    for (const options of [
      { sslcert: undefined, sslkey: undefined },
      { sslmode: 'prefer', sslrootcert: '', sslcert: '' },
      { sslcert: another.cert, sslkey: another.key },
    ])
      await denied(inspect(at(options)), meanings.unknownClient);
    const byTheTool = { DUMP_SUFFIX: `-d 'sslcert=${theirs.cert} sslkey=${theirs.key}'` };
    for (const refused of [
      inspect(at({ sslcert: theirs.cert, sslkey: theirs.key })),
      bench.dump(binary, at({}, { keys: byTheTool })),
    ])
      await rejectsWith(refused, ...refusals);
    await rejectsWith(inspect(at({ sslmode: 'disable' })), 'connection.denied');
  });

  it('says what the tools say of all that, in the same words', async () => {
    const another = authority.sign('another');
    const connections = [
      [`sslrootcert=${stranger.certificate}`, meanings.unknownServer],
      ['sslrootcert=/nonexistent', meanings.unknownServer],
      ['host=localhost hostaddr=127.0.0.1', meanings.wrongName],
      [`port=${(await postgresqlServer()).port}`, meanings.unencrypted],
      ['sslcert=/nonexistent', meanings.unknownClient],
      [`sslcert=${another.cert} sslkey=${another.key}`, meanings.unknownClient],
      [`sslkey=${another.key}`, meanings.failed],
      ['sslkey=/nonexistent', meanings.failed],
    ] as const;
    for (const [connection, meaning] of connections)
      await denied(bench.dump(binary, at({}, { keys: { DUMP_SUFFIX: `-d '${connection}'` } })), meaning);
  });

  it('is not asked for encryption that it does not have', async () => {
    const plain = await postgresqlServer();
    await denied(inspect(plain.resolved(binary, 'postgres', { OPTIONS: { sslmode: 'require' } })), meanings.unencrypted);
    await inspect(plain.resolved(binary, 'postgres', { OPTIONS: { sslmode: 'prefer', sslrootcert: authority.certificate } }));
  });

  it('has ended the connection when it is gone in mid-dump', async () => {
    const brief = await startServer({ certificates: authority.signServer('brief.example.org') });
    let stopping: Promise<void> | undefined;
    const progress = ({ totalBytes }: { totalBytes?: number | undefined }): void => {
      if (totalBytes !== undefined) stopping ??= brief.stop('SIGQUIT');
    };
    const keys = { DUMP_SUFFIX: '-Z 9', OPTIONS: { sslmode: 'verify-ca', sslrootcert: authority.certificate } };
    const database = brief.resolved(binary, await brief.createDatabase(largeSql), keys);
    await rejectsWith(bench.dump(binary, database, { ...bench.run(), progress }), 'connection.lost');
    await stopping;
  });

  it('is not connected to with files that cannot be used: the sentence names the first of them', async () => {
    const locked = join(folder, 'locked.key');
    const words = ['ec', '-in', own.key, '-aes128', '-passout', 'pass:x', '-out', locked];
    assert.equal(spawnSync('openssl', words).status, 0);
    const text = join(folder, 'text.pem');
    writeFileSync(text, 'no certificate');
    const nowhere = join(folder, 'nowhere.pem');
    const wrong = [
      [{ sslrootcert: nowhere }, 'sslrootcert', nowhere],
      [{ sslcert: nowhere }, 'sslcert', nowhere],
      [{ sslkey: nowhere }, 'sslkey', nowhere],
      [{ sslmode: 'prefer', sslkey: folder }, 'sslkey', folder],
      [{ sslkey: locked }, 'sslkey', own.cert],
      [{ sslcert: text }, 'sslcert', text],
      [{ sslkey: stranger.sign('other').key }, 'sslkey', own.cert],
      [{ sslrootcert: undefined }, 'sslrootcert', 'root.crt'],
    ] as const;
    for (const [options, word, file] of wrong)
      await rejectsSaying(bench.dump(binary, at(options)), 'settings.invalid', word, file);
  });

  it('says a key that others may read, which the tools refuse', async () => {
    const open = join(folder, 'open.key');
    copyFileSync(own.key, open);
    chmodSync(open, 0o644);
    await denied(bench.dump(binary, at({ sslkey: open })), meanings.failed);
  });

  it('is found by relative paths from the workspace folder on', async () => {
    const [sslrootcert, sslcert, sslkey] = [basename(authority.certificate), basename(own.cert), `./${basename(own.key)}`];
    await bench.dump(binary, { ...at({ sslrootcert, sslcert, sslkey }), folder });
  });

  it('is reached with the files in libpq’s own folder where none are named', async () => {
    const home = process.env['HOME'];
    process.env['HOME'] = bench.tools;
    const usual = (name: string): string => join(bench.tools, '.postgresql', name);
    try {
      mkdirSync(usual(''));
      copyFileSync(own.cert, usual('postgresql.crt'));
      await rejectsWith(inspect(at({ sslcert: '', sslkey: '' })), 'settings.invalid');
      copyFileSync(own.key, usual('postgresql.key'));
      copyFileSync(authority.certificate, usual('root.crt'));
      const unnamed = at({ sslrootcert: undefined, sslcert: undefined, sslkey: undefined });
      await bench.dump(binary, unnamed);
      copyFileSync(stranger.certificate, usual('root.crt'));
      await denied(inspect(unnamed), meanings.unknownServer);
    } finally {
      process.env['HOME'] = home;
    }
  });

  it('gets no paths of this machine from tools in a container, but those that are written for them', async () => {
    const docker = makeRecordingTool(join(bench.tools, 'docker'), { script: 'process.exitCode = 1' });
    const prefix = { DUMP_PREFIX: `${docker.path} compose exec -T db`, DUMP_ENV: { PGSSLROOTCERT: '/in/there.pem' } };
    await rejectsWith(bench.dump(binary, at({}, { keys: prefix })), 'tool.failed');
    const [call] = docker.calls();
    assert.deepEqual(
      ['PGSSLMODE', 'PGSSLROOTCERT', 'PGSSLCERT', 'PGSSLKEY'].map((name) => call?.argv.includes(name) === true && call.env[name]),
      ['verify-full', '/in/there.pem', false, false],
    );
  });
});
