import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Client } from 'pg';
import { PgDumpBinaryConnector } from '../../src/connectors/postgresql/binaryConnector.ts';
import { PgDumpConnector } from '../../src/connectors/postgresql/plainConnector.ts';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { perform } from '../../src/perform.ts';
import { makeContainerClient } from '../helpers/containerClient.ts';
import { bin, canary, postgresqlServer, startServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { until } from '../helpers/processes.ts';
import { restoreFile } from '../helpers/restoreFile.ts';
import { mountSmallDisk } from '../helpers/smallDisk.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeWorkspace, recordingRun } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { largeSql } from './postgresqlSamples.ts';

const binary = 'PgDumpBinaryConnector';
const pgRestore = '/usr/lib/postgresql/15/bin/pg_restore';

describe('failures of PostgreSQL', () => {
  let server: PostgresqlServer;
  let bench: Bench;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));
  const database = async (keys = {}, sql = 'CREATE TABLE t (a int)'): Promise<Database> =>
    server.resolved(binary, await server.createDatabase(sql), keys);
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);
  /** A session that keeps others from the table until it ends. */
  const lockedTable = async (of: Database): Promise<Client> => {
    const other = await server.connect(nameOf(of));
    await other.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    return other;
  };
  const inspect = async (of: Database): Promise<unknown> => (await connectorFor(binary)).inspect(of, bench, bench.run());

  it('D4 says a wrong password in one sentence, without the password', async () => {
    for (const connector of [binary, 'PgDumpConnector']) {
      const wrong = { ...(await database({ PASSWORD: `${canary}x` })), connector };
      await rejectsWith(bench.dump(connector, wrong), 'connection.wrongPassword');
      await assert.rejects(
        bench.dump(connector, wrong),
        (error) => !String(error).includes('canary') && !String(error).includes('\n'),
      );
    }
    await rejectsWith(inspect(await database({ PASSWORD: null })), 'connection.wrongPassword');
  });

  it('says an unknown database, host and server, and one that has no rights, each by its own code', async () => {
    await rejectsWith(bench.dump(binary, server.resolved(binary, 'nowhere')), 'connection.unknownDatabase');
    await rejectsWith(inspect(await database({ HOST: 'nowhere.invalid' })), 'connection.unknownHost');
    await rejectsWith(inspect(await database({ PORT: 1 })), 'connection.refused');
    await rejectsWith(inspect(await database({ HOST: join(bench.tools, 'no socket') })), 'connection.refused');
    await server.query('postgres', `CREATE ROLE nobody LOGIN PASSWORD 'x'`);
    await rejectsWith(bench.dump(binary, await database({ USER: 'nobody', PASSWORD: 'x' })), 'connection.denied');
    await server.query('postgres', `CREATE ROLE crowd LOGIN PASSWORD 'x' CONNECTION LIMIT 0`);
    await rejectsWith(bench.dump(binary, await database({ USER: 'crowd', PASSWORD: 'x' })), 'connection.tooMany');
  });

  it('says a server that never answers within a few seconds', async () => {
    const silent = await new Promise<Server>((resolve) => {
      const listening = createServer(() => undefined).listen(0, '127.0.0.1', () => resolve(listening));
    });
    try {
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const started = performance.now();
      await rejectsWith(inspect(server.resolved(binary, 'x', { PORT: port })), 'connection.timedOut');
      assert.ok(performance.now() - started < 25_000);
    } finally {
      silent.close();
    }
  });

  it('says which tool is missing or too old for the server', async () => {
    await rejectsWith(bench.dump(binary, await database({ DUMP_CMD: join(bench.tools, 'pg_dump') })), 'tool.missing');
    makeRecordingTool(join(bench.tools, 'pg_dump'), { version: 'pg_dump (PostgreSQL) 12.4' });
    await rejectsWith(bench.dump(binary, await database({ DUMP_CMD: join(bench.tools, 'pg_dump') })), 'tool.tooOld');
  });

  it('says a table that another session has locked', async () => {
    const target = await database({ DUMP_SUFFIX: '--lock-wait-timeout=300' });
    const other = await lockedTable(target);
    try {
      for (const connector of [binary, 'PgDumpConnector']) await rejectsWith(bench.dump(connector, target), 'database.locked');
    } finally {
      await other.end();
    }
  });

  class ImpatientBinaryConnector extends PgDumpBinaryConnector {
    protected override readonly lockPatienceMs = 300;
  }
  class ImpatientConnector extends PgDumpConnector {
    protected override readonly lockPatienceMs = 300;
  }
  for (const connector of [new ImpatientBinaryConnector(), new ImpatientConnector()])
    for (const keys of [{}, { SINGLE_TRANSACTION: false }])
      it(`ends a restore of ${connector.name} that waits for a lock in vain, its session on the server too, with ${JSON.stringify(keys)}`, async () => {
        const target = await database(keys);
        const name = nameOf(target);
        const { file } = await bench.dump(connector.name, target);
        await server.query(name, 'INSERT INTO t VALUES (1)');
        const before = server.hashOf(name);
        const other = await lockedTable(target);
        try {
          const path = join(bench.scratch, 'dump');
          await copyFile(file, path);
          const restoring = restoreFile(connector, { database: target, path, workspace: bench, run: bench.run() });
          await assert.rejects(restoring, { code: 'database.locked', message: /session \d+ of tester/ });
          const sessions = `SELECT pid FROM pg_stat_activity WHERE datname = '${name}'`;
          await until(async () => (await server.query('postgres', sessions)).length === 1, 'the end of its session');
        } finally {
          await other.end();
        }
        assert.equal(server.hashOf(name), before);
      });

  it('says who holds the lock that a restore waits for, and goes on when it is free', async () => {
    const target = await database();
    const { file } = await bench.dump(binary, target);
    const other = await lockedTable(target);
    const run = bench.run();
    const log = run.log.bind(run);
    await bench.restore(binary, target, file, {
      ...run,
      log: (level, text) => {
        log(level, text);
        if (text.includes('waits for a lock')) void other.end();
      },
    });
    assert.ok(bench.log.some((line) => /session \d+ of tester/.test(line)));
  });

  it('says a server that is gone in mid-dump, and publishes nothing', async () => {
    const own = await startServer({});
    const workspace = makeWorkspace();
    try {
      const target = { ...own.resolved(binary, await own.createDatabase(largeSql)), folder: workspace.folder };
      const run = recordingRun();
      let stopping: Promise<void> | undefined;
      const slow = { ...target, keys: { ...target.keys, DUMP_SUFFIX: '-Z 9' } };
      const request = {
        kind: 'backup' as const,
        database: slow,
        dumps: workspace.dumps,
        stateDirectory: workspace.stateDirectory,
      };
      const progress = ({ totalBytes }: { totalBytes?: number | undefined }): void => {
        if (totalBytes !== undefined) stopping ??= own.stop('SIGQUIT');
      };
      await rejectsWith(perform(request, { ...run, progress }), 'connection.lost');
      await stopping;
      assert.deepEqual(readdirSync(workspace.dumps.directory), ['.gitignore']);
    } finally {
      workspace.remove();
    }
  });

  it('says that the disk is too small before any tool runs, and when it fills up after all', async function () {
    const disk = mountSmallDisk(1024);
    if (disk === undefined) return this.skip();
    const workspace = makeWorkspace();
    try {
      const tool = makeRecordingTool(join(bench.tools, 'pg_dump'));
      const rows = (mib: number): string =>
        `CREATE TABLE t AS SELECT md5(i::text) AS a FROM generate_series(1, ${mib * 16_000}) i`;
      for (const [mib, compression, isStarted] of [
        [8, 'none', false],
        [3, 'none', true],
        [6, 'zstd', true],
      ] as const) {
        const name = await server.createDatabase(rows(mib));
        await server.query(name, 'VACUUM ANALYZE');
        const keys = isStarted ? {} : { DUMP_CMD: tool.path };
        const request = {
          kind: 'backup' as const,
          database: { ...server.resolved('PgDumpConnector', name, keys), folder: workspace.folder },
          dumps: { ...workspace.dumps, directory: disk.path, compression },
          stateDirectory: workspace.stateDirectory,
        };
        await rejectsWith(perform(request, recordingRun()), 'disk.full');
        assert.deepEqual(readdirSync(disk.path), ['.gitignore']);
      }
      assert.deepEqual(tool.calls(), []);
    } finally {
      workspace.remove();
      disk.unmount();
    }
  });

  it('refuses an archive that is newer than every pg_restore there is, before anything is changed', async () => {
    const target = await database({}, 'CREATE TABLE t (a int)');
    const { file } = await bench.dump(binary, target);
    const bytes = readFileSync(file);
    // As PostgreSQL 16 writes it: version 1.15, whose kind of compression is one byte.
    const newer = join(bench.dumps, 'newer');
    writeFileSync(
      newer,
      Buffer.concat([Buffer.from('PGDMP\x01\x0f\x00'), bytes.subarray(8, 11), Buffer.from([1]), bytes.subarray(16)]),
    );
    await rejectsWith(bench.restore(binary, { ...target, tools: { pg_restore: pgRestore } }, newer), 'tool.tooOld');
  });

  it('shows the password to no one: no argument, log line or manifest has it', async () => {
    const workspace = makeWorkspace();
    try {
      const run = recordingRun();
      const target = { ...(await database({}, largeSql)), folder: workspace.folder };
      const common = {
        database: target,
        dumps: { ...workspace.dumps, compression: 'zstd' as const, verification: 'full' as const },
        stateDirectory: workspace.stateDirectory,
      };
      let samples = 0;
      let hits = 0;
      const timer = setInterval(() => {
        for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
          try {
            samples += 1;
            if (readFileSync(`/proc/${id}/cmdline`, 'latin1').includes('canary')) hits += 1;
          } catch {
            // It has ended.
          }
        }
      }, 10);
      const made = await perform({ kind: 'backup', ...common }, run);
      assert.ok(made.kind === 'backup' && made.file.endsWith('.psql.bin.zst'));
      const done = await perform({ kind: 'restore', dump: made.file, ...common }, run);
      clearInterval(timer);
      assert.ok(done.kind === 'restore' && done.safetyFile !== undefined);
      assert.ok(samples > 1000 && hits === 0);
      assert.ok(!JSON.stringify([run.lines, run.questions]).includes('canary'));
      assert.ok(!readFileSync(`${made.file}.json`, 'latin1').includes('canary'));
      const verified = await perform({ kind: 'verify', files: [made.file], ...common }, run);
      assert.ok(verified.kind === 'verify' && verified.files[0]?.state === 'verified');
    } finally {
      workspace.remove();
    }
  });

  it('backs up through a stand-in for docker that passes on only the variables that it is named', async () => {
    const docker = makeContainerClient(join(bench.tools, 'docker'), { programs: bin });
    const prefix = `${docker.path} compose exec -T db`;
    const target = await database(
      { DUMP_PREFIX: prefix, RESTORE_PREFIX: prefix },
      'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
    );
    for (const connector of [binary, 'PgDumpConnector']) {
      const { file } = await bench.dump(connector, target);
      await server.query(String(target.keys['NAME']), 'DELETE FROM t');
      await bench.restore(connector, target, file);
      assert.equal((await server.query(String(target.keys['NAME']), 'SELECT a FROM t')).length, 1);
    }
    assert.ok(docker.calls().every(({ argv }) => argv.includes('PGPASSWORD') && !argv.join().includes('canary')));
  });
});
