import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { createConnection, type Connection } from 'mysql2/promise';
import { MysqlDumpConnector } from '../../src/connectors/mysql/connector.ts';
import { connectorFor, formatById, formatOf } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { backup } from '../../src/jobs/backup.ts';
import { withContext } from '../../src/jobs/context.ts';
import { perform } from '../../src/perform.ts';
import { makeContainerClient } from '../helpers/containerClient.ts';
import { canary, mariadbServer, startServer, type MariadbServer } from '../helpers/mariadbServer.ts';
import { until } from '../helpers/processes.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { largeSql } from './mysqlSamples.ts';

const mysql = 'MysqlDumpConnector';

describe('failures of MySQL', () => {
  let server: MariadbServer;
  let bench: Bench;
  let workspace: TestWorkspace;
  before(async function () {
    server = await mariadbServer(this);
  });
  beforeEach(async () => {
    bench = await makeBench();
    workspace = makeWorkspace();
  });
  afterEach(async () => {
    workspace.remove();
    await removeBench(bench);
  });
  const database = async (keys = {}, sql = 'CREATE TABLE t (a INT)', on = server): Promise<Database> => {
    const name = await on.createDatabase();
    await on.script(sql, name);
    return { ...on.resolved(name, keys), folder: workspace.folder };
  };
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);
  const inspect = async (of: Database): Promise<unknown> => (await connectorFor(mysql)).inspect(of, bench, bench.run());
  const backupOf = (of: Database): Parameters<typeof perform>[0] => ({
    kind: 'backup',
    database: of,
    dumps: workspace.dumps,
    stateDirectory: workspace.stateDirectory,
  });

  it('D4 says a wrong password in one sentence, without the password', async () => {
    const wrong = await database({ PASSWORD: `${canary}x` });
    await rejectsWith(bench.dump(mysql, wrong), 'connection.wrongPassword');
    await assert.rejects(bench.dump(mysql, wrong), (error) => !String(error).includes('c4n4ry') && !String(error).includes('\n'));
    await rejectsWith(inspect(await database({ PASSWORD: null })), 'connection.wrongPassword');
  });

  it('says an unknown database, host and server, and one that has no rights, each by its own code', async () => {
    await rejectsWith(bench.dump(mysql, server.resolved('nowhere')), 'connection.unknownDatabase');
    await rejectsWith(inspect(await database({ HOST: 'nowhere.invalid' })), 'connection.unknownHost');
    await rejectsWith(inspect(await database({ PORT: 1 })), 'connection.refused');
    await rejectsWith(inspect(await database({ HOST: join(bench.tools, 'no socket') })), 'connection.refused');
    await server.createUser('nobody');
    await rejectsWith(bench.dump(mysql, await database({ USER: 'nobody' })), 'connection.denied');
    await server.createUser('crowd');
    await server.query("ALTER USER 'crowd'@'%' WITH MAX_CONNECTIONS_PER_HOUR 1");
    const crowd = await database({ USER: 'crowd' });
    await rejectsWith(inspect(crowd), 'connection.denied');
    await rejectsWith(inspect(crowd), 'connection.tooMany');
  });

  it('says what a tool says, in the same words', async () => {
    const said = {
      'connection.wrongPassword': 'mariadb-dump: Got error: 1045: "Access denied for user" when trying to connect',
      'connection.refused': "mysqldump: Got error: 2003: Can't connect to MySQL server on 'x' (111) when trying to connect",
      'connection.timedOut': "mysqldump: Got error: 2003: \"Can't connect to MySQL server on 'x' (110)\" when trying to connect",
      'connection.lost': 'mariadb-dump: Error 2013: Lost connection to server during query when dumping table `t` at row: 0',
      'database.locked': 'ERROR 1205 (HY000) at line 22: Lock wait timeout exceeded; try restarting transaction',
      'connection.denied': "mysqldump: Couldn't execute 'show events': Access denied (1044)",
      'tool.failed': 'ERROR 1064 (42000) at line 10450: You have an error in your SQL syntax near 2003',
    };
    for (const [code, text] of Object.entries(said)) {
      const script = `console.error(${JSON.stringify(text)}); process.exitCode = 2`;
      const tool = makeRecordingTool(join(bench.tools, 'dumper'), { version: 'x Distrib 10.11.1-MariaDB', script });
      await rejectsWith(bench.dump(mysql, await database({ DUMP_CMD: [tool.path] })), code);
    }
  });

  it('says a server that never answers within a few seconds', async () => {
    const silent = await new Promise<Server>((resolve) => {
      const listening = createServer(() => undefined).listen(0, '127.0.0.1', () => resolve(listening));
    });
    try {
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await rejectsWith(inspect(server.resolved('x', { PORT: port })), 'connection.timedOut');
    } finally {
      silent.close();
    }
  });

  it('says which tool is missing or too old for the server', async () => {
    await rejectsWith(bench.dump(mysql, await database({ DUMP_CMD: join(bench.tools, 'nothing') })), 'tool.missing');
    const old = makeRecordingTool(join(bench.tools, 'old'), {
      version: 'mysqldump  Ver 10.14 Distrib 5.5.68-MariaDB, for Linux (x86_64)',
    });
    await rejectsWith(bench.dump(mysql, await database({ DUMP_CMD: [old.path] })), 'tool.tooOld');
    const target = await database({ RESTORE_CMD: [old.path] });
    const { file } = await bench.dump(mysql, target);
    await rejectsWith(bench.restore(mysql, target, file), 'tool.tooOld');
  });

  it('says a table that another session has locked when the server’s patience ends', async () => {
    const target = await database();
    const { file } = await bench.dump(mysql, target);
    const other = await lockedTable(target);
    try {
      await server.query('SET GLOBAL lock_wait_timeout = 1');
      await rejectsWith(bench.dump(mysql, target), 'database.locked');
      const restoring = withKeys(target, { RESTORE_SUFFIX: '--init-command="SET SESSION lock_wait_timeout = 1"' });
      await rejectsWith(bench.restore(mysql, restoring, file), 'database.locked');
    } finally {
      await server.query('SET GLOBAL lock_wait_timeout = 86400');
      await other.end();
    }
  });

  it('ends a backup that waits for a locked table when our patience ends, and leaves no tool, session or file', async () => {
    class ImpatientConnector extends MysqlDumpConnector {
      protected override readonly lockPatienceMs = 500;
    }
    const target = await database();
    const other = await lockedTable(target);
    try {
      for (const compression of ['none', 'zstd'] as const) {
        const { dumps, stateDirectory } = workspace;
        const request = { kind: 'backup' as const, database: target, dumps: { ...dumps, compression }, stateDirectory };
        const parts = { stateDirectory, run: recordingRun(), formatOf, formatById };
        const backingUp = withContext(parts, (context) => backup(request, { ...context, connector: new ImpatientConnector() }));
        await Promise.all([rejectsWith(backingUp, 'database.locked'), until(() => toolsOf(target).length > 0, 'the tool')]);
        assert.deepEqual(toolsOf(target), []);
        assert.deepEqual(readdirSync(dumps.directory), ['.gitignore']);
        assert.deepEqual(readdirSync(join(stateDirectory, 'scratch')), []);
        const sessions = `SELECT id FROM information_schema.processlist WHERE db = '${nameOf(target)}'`;
        await until(async () => (await server.query(sessions)).length === 1, 'the end of its session');
      }
    } finally {
      await other.end();
    }
  });

  /** A session that keeps others from the table until it ends. */
  const lockedTable = async (of: Database): Promise<Connection> => {
    const options = { host: '127.0.0.1', port: server.port, user: 'admin', password: canary, database: nameOf(of) };
    const other = await createConnection(options);
    await other.query('LOCK TABLES t WRITE');
    return other;
  };

  /** Process ids of the tools that work on a database. */
  const toolsOf = (of: Database): string[] =>
    readdirSync('/proc').filter((id) => {
      try {
        return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'latin1').split('\0').includes(nameOf(of));
      } catch {
        return false;
      }
    });

  it('says a server that is gone in mid-dump, and publishes nothing', async () => {
    const own = await startServer();
    const target = await database({}, largeSql, own);
    let isGone = false;
    const progress = ({ doneBytes }: { doneBytes?: number | undefined }): void => {
      if (doneBytes === undefined || isGone) return;
      isGone = true;
      own.signal('SIGKILL');
    };
    await rejectsWith(perform(backupOf(target), { ...recordingRun(), progress }), 'connection.lost');
    assert.deepEqual(readdirSync(workspace.dumps.directory), ['.gitignore']);
  });

  it('fails on a dump without its end mark although the tool says that all went well', async () => {
    const tool = makeRecordingTool(join(bench.tools, 'dumper'), {
      version: 'x Distrib 10.11.1-MariaDB',
      script: `console.log('-- MariaDB dump 10.19\\nCREATE TABLE \`t\` (a INT);')`,
    });
    const target = await database({ DUMP_CMD: [tool.path] });
    await rejectsWith(perform(backupOf(target), recordingRun()), 'dumps.truncated');
    const compressed = { ...backupOf(target), dumps: { ...workspace.dumps, compression: 'zstd' as const } };
    await rejectsWith(perform(compressed, recordingRun()), 'dumps.truncated');
    const script = `console.log('-- MariaDB dump 10.19\\n-- Dump completed')`;
    makeRecordingTool(tool.path, { version: 'x Distrib 10.11.1-MariaDB', script });
    await rejectsWith(perform(backupOf(target), recordingRun()), 'dump.refused');
    assert.deepEqual(readdirSync(workspace.dumps.directory), ['.gitignore']);
  });

  it('M1 shows the password to no one: no argument, log line, manifest or left-over file has it', async () => {
    const run = recordingRun();
    const common = {
      database: await database({}, largeSql),
      dumps: { ...workspace.dumps, compression: 'zstd' as const, verification: 'full' as const },
      stateDirectory: workspace.stateDirectory,
    };
    let samples = 0;
    let hits = 0;
    const timer = setInterval(() => {
      for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        try {
          samples += 1;
          if (readFileSync(`/proc/${id}/cmdline`, 'latin1').includes('c4n4ry')) hits += 1;
        } catch {
          // It has ended.
        }
      }
    }, 10);
    try {
      const made = await perform({ kind: 'backup', ...common }, run);
      assert.ok(made.kind === 'backup' && made.file.endsWith('.dump.zst'));
      const done = await perform({ kind: 'restore', dump: made.file, ...common }, run);
      assert.ok(done.kind === 'restore' && done.safetyFile !== undefined);
      const verified = await perform({ kind: 'verify', files: [made.file], ...common }, run);
      assert.ok(verified.kind === 'verify' && verified.files[0]?.state === 'verified');
      assert.ok(!readFileSync(`${made.file}.json`, 'latin1').includes('c4n4ry'));
    } finally {
      clearInterval(timer);
    }
    await until(() => samples > 1000, 'samples');
    assert.equal(hits, 0);
    assert.ok(!JSON.stringify([run.lines, run.questions]).includes('c4n4ry'));
    assert.deepEqual(readdirSync(join(workspace.stateDirectory, 'scratch')), []);
  });

  it('backs up and restores through a stand-in for docker that passes on only the variables that it is named', async () => {
    const docker = makeContainerClient(join(bench.tools, 'docker'), { programs: '/usr/bin' });
    const prefix = `${docker.path} compose exec -T db`;
    const target = await database(
      { DUMP_PREFIX: prefix, RESTORE_PREFIX: prefix },
      'CREATE TABLE t (a INT); INSERT INTO t VALUES (1)',
    );
    const { file } = await bench.dump(mysql, target);
    await server.query('DELETE FROM t', nameOf(target));
    await bench.restore(mysql, target, file);
    assert.equal((await server.query('SELECT a FROM t', nameOf(target))).length, 1);
    assert.equal(docker.calls().length, 2);
    assert.ok(docker.calls().every(({ argv }) => !argv.join().includes('c4n4ry')));
  });

  it('uses MYSQL_PWD where no PASSWORD is set, and nothing else of the environment', async () => {
    const environment = process.env;
    process.env = { ...environment, MYSQL_PWD: canary, MYSQL_HOST: 'nowhere.invalid', MYSQL_TCP_PORT: '1' };
    try {
      const target = withKeys(await database(), { PASSWORD: undefined });
      const { file } = await bench.dump(mysql, target);
      await bench.restore(mysql, target, file);
    } finally {
      process.env = environment;
    }
  });

  const withKeys = (base: Database, keys: object): Database => ({ ...base, keys: { ...base.keys, ...keys } });
});
