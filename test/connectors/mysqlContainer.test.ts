import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { MysqlDumpConnector } from '../../src/connectors/mysql/connector.ts';
import type { Database } from '../../src/core/database.ts';
import { BackupError } from '../../src/core/errors.ts';
import { perform } from '../../src/perform.ts';
import type { ServerFacts } from '../../src/system/tools.ts';
import { makeContainerClient } from '../helpers/containerClient.ts';
import { mariadbServer, type MariadbServer } from '../helpers/mariadbServer.ts';
import { makeRecordingTool, type RecordingTool } from '../helpers/recordingTool.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { sampleSql, spoilSql } from './mysqlSamples.ts';

const mysql = 'MysqlDumpConnector';
const shop = 'CREATE TABLE t (a INT); INSERT INTO t VALUES (1)';

/** Every tool of this machine is the program at this path. */
const allTools = (path: string): Database['tools'] => ({ 'mariadb-dump': path, mysqldump: path, mariadb: path, mysql: path });

/** In there, the server has a port of its own: a dump is told by its options on standard input, a restore by its words. */
const inside = (port: number): string => `
  process.stderr.write('time="2026-01-01T00:00:00Z" level=warning msg="compose.yaml: the attribute version is obsolete"\\n');
  if (words.includes('--defaults-file=/dev/stdin')) {
    if (!/^host="127\\.0\\.0\\.1"\\nport=3306\\nprotocol=tcp$/m.test(input.toString())) throw new Error('not the port inside');
    input = Buffer.from(input.toString().replace('port=3306', 'port=${port}'));
  } else {
    const place = ['--host=127.0.0.1', '--port=3306', '--protocol=tcp'];
    if (!place.every((word) => words.includes(word)) || !env.MYSQL_PWD) throw new Error('not the port inside');
    words = words.map((word) => (word === '--port=3306' ? '--port=${port}' : word));
  }`;

/** Says which tools it would use, for a server of which this is known. */
class LookingConnector extends MysqlDumpConnector {
  async namesFor(database: Database, server?: ServerFacts): Promise<string[]> {
    const tools = await Promise.all(this.uses(database).map(({ use }) => this.resolveTool(database, use, server)));
    return tools.map(({ facts }) => facts.path);
  }
}

describe('a MySQL server in a container of the workspace', () => {
  const path = process.env['PATH'];
  const connector = new LookingConnector();
  let server: MariadbServer;
  let bench: Bench;
  let workspace: TestWorkspace;
  let docker: RecordingTool;
  before(async function () {
    server = await mariadbServer(this);
  });
  beforeEach(async () => {
    bench = await makeBench();
    workspace = makeWorkspace();
    process.env['PATH'] = `${bench.tools}:${path ?? ''}`;
    docker = makeContainerClient(join(bench.tools, 'docker'), { programs: '/usr/bin', inside: inside(server.port) });
    writeCompose('mariadb:11');
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    workspace.remove();
    await removeBench(bench);
  });

  function writeCompose(image: string): void {
    const compose = `services:\n  db:\n    image: ${image}\n    ports: ["127.0.0.1:${server.port}:3306"]\n`;
    writeFileSync(join(workspace.folder, 'compose.yaml'), compose);
  }

  const database = async (sql = shop): Promise<Database> => {
    const name = await server.createDatabase();
    await server.script(sql, name);
    const tools = allTools('/nonexistent/tool');
    return { ...server.resolved(name), folder: workspace.folder, tools, mayUseContainers: true };
  };
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);
  const hashOf = (of: Database): Promise<string> => server.hashOf(nameOf(of));

  async function backup(of: Database, compression: 'none' | 'gzip' = 'none'): Promise<string> {
    const { dumps, stateDirectory } = workspace;
    const request = { kind: 'backup', database: of, dumps: { ...dumps, compression }, stateDirectory } as const;
    const made = await perform(request, recordingRun());
    assert.ok(made.kind === 'backup');
    return made.file;
  }

  async function restore(of: Database, dump: string): Promise<string> {
    const { dumps, stateDirectory } = workspace;
    const done = await perform({ kind: 'restore', database: of, dump, dumps, stateDirectory }, recordingRun());
    assert.ok(done.kind === 'restore' && done.safetyFile !== undefined);
    return done.safetyFile;
  }

  it('is described with the tools in there and why, without starting anything', async () => {
    const of = await database();
    const { tools, dump, restore: restores, problems } = await connector.describe({ ...of, mayUseContainers: false });
    const why = 'in the container of db (compose.yaml), because none was found on this machine';
    assert.deepEqual(tools, [
      { name: 'mariadb-dump', path: 'mariadb-dump', version: '', why, container: 'db' },
      { name: 'mariadb', path: 'mariadb', version: '', why, container: 'db' },
    ]);
    const compose = ['compose', '--file', join(workspace.folder, 'compose.yaml'), 'exec'];
    const variable = 'MYSQL_TEST_LOGIN_FILE';
    assert.deepEqual(dump[0]?.args.slice(0, 10), [
      ...[...compose, '-e', variable, '-T', 'db'],
      ...['mariadb-dump', '--defaults-file=/dev/stdin'],
    ]);
    assert.deepEqual(restores[0]?.args.slice(0, 15), [
      ...[...compose, '-e', variable, '-e', 'MYSQL_PWD', '-T', 'db'],
      ...['mariadb', '--no-defaults', '--host=127.0.0.1', '--port=3306', '--protocol=tcp'],
    ]);
    assert.deepEqual([dump[0].program, restores[0].program, problems], [docker.path, docker.path, []]);
    assert.deepEqual(docker.calls(), []);
  });

  it('is backed up, restored and led back with the tools in there, to which no value goes by an argument', async () => {
    const of = await database(sampleSql);
    const before = await hashOf(of);
    const files = [await backup(of), await backup(of, 'gzip')];
    for (const file of files) {
      await server.script(`${spoilSql} DROP VIEW a_view; CREATE VIEW own AS SELECT a FROM later`, nameOf(of));
      const live = await hashOf(of);
      const safety = await restore(of, file);
      await server.script('DROP VIEW own; DROP TABLE later', nameOf(of));
      assert.equal(await hashOf(of), before);
      await restore(of, safety);
      assert.equal(await hashOf(of), live);
      await restore(of, file);
      await server.script('DROP VIEW own; DROP TABLE later', nameOf(of));
    }
    const calls = docker.calls();
    assert.equal(calls.length, 14);
    for (const { argv } of calls) {
      assert.ok(!argv.join().includes('c4n4ry'));
      assert.ok(argv.includes('--defaults-file=/dev/stdin') || argv.includes('MYSQL_PWD'));
    }
  });

  it('is rolled back to the very state before when a restore in there fails', async () => {
    const of = await database();
    const text = readFileSync(await backup(of), 'latin1');
    const failing = join(workspace.dumps.directory, 'failing.sql');
    writeFileSync(failing, text.replace('-- Dump completed', 'INSERT INTO `t` VALUES (1, 2);\n-- Dump completed'), 'latin1');
    await server.script('DELETE FROM t; CREATE TABLE later (a INT)', nameOf(of));
    const before = await hashOf(of);
    await rejectsWith(restore(of, failing), 'restore.rolledBack');
    assert.equal(await hashOf(of), before);
  });

  it('is made in there when it does not exist yet', async () => {
    const of = await database();
    const { file } = await bench.dump(mysql, of);
    const name = `${nameOf(of)} new`;
    const target = { ...of, ...server.resolved(name), folder: workspace.folder, tools: of.tools };
    await bench.restore(mysql, target, file);
    assert.equal((await server.query('SELECT a FROM t', name)).length, 1);
  });

  it('is served by tools of its own name, where that is known', async () => {
    const found = await database();
    const prefix = 'docker compose exec -T db';
    const named = { ...found, keys: { ...found.keys, DUMP_PREFIX: prefix, RESTORE_PREFIX: prefix } };
    for (const each of [found, named]) {
      assert.deepEqual(await connector.namesFor(each, { major: 8, flavour: 'mysql' }), ['mysqldump', 'mysql']);
      assert.deepEqual(await connector.namesFor(each, { major: 11, flavour: 'mariadb' }), ['mariadb-dump', 'mariadb']);
      assert.deepEqual(await connector.namesFor(each), ['mariadb-dump', 'mariadb']);
    }
  });

  it('is described with the tools that its image has', async () => {
    const of = await database();
    for (const [image, names] of [
      ['mysql:8.4', ['mysqldump', 'mysql']],
      ['docker.io/library/mariadb:lts', ['mariadb-dump', 'mariadb']],
      ['percona/percona-server:8.0', ['mysqldump', 'mysql']],
      ['"registry.example/shop-db"', ['mariadb-dump', 'mariadb']],
    ] as const) {
      writeCompose(image);
      const { tools } = await connector.describe(of);
      assert.deepEqual(
        tools.map(({ name }) => name),
        names,
        image,
      );
    }
  });

  it('is served by the tools in there where those of this machine are too old or another server’s', async () => {
    const of = await database();
    for (const [version, lack] of [
      ['mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server)', 'those on this machine are another server’s'],
      ['mysqldump  Ver 10.14 Distrib 5.5.68-MariaDB, for Linux (x86_64)', 'those on this machine are too old'],
    ] as const) {
      const unfit = { ...of, tools: allTools(makeRecordingTool(join(bench.tools, 'unfit'), { version }).path) };
      const { file, facts } = await bench.dump(mysql, unfit);
      assert.deepEqual(
        facts.tools.map(({ name, why }) => [name, why]),
        [['mariadb-dump', `in the container of db (compose.yaml), because ${lack}`]],
      );
      await bench.restore(mysql, unfit, file);
    }
    assert.equal(docker.calls().length, 4);
  });

  it('adds nothing to a dump’s warnings that docker says of its own file', async () => {
    assert.deepEqual((await bench.dump(mysql, await database())).facts.warnings, []);
  });

  it('is left alone until that is approved: the missing tool is told, with what to set', async () => {
    const of = { ...(await database()), mayUseContainers: undefined };
    await assert.rejects(
      bench.dump(mysql, of),
      (error) =>
        error instanceof BackupError && error.code === 'tool.missing' && error.hint.includes('docker compose exec -T db'),
    );
    assert.deepEqual(docker.calls(), []);
  });

  it('is not looked for when a tool is named, is there, or the server is another machine’s or at a socket', async () => {
    const of = await database();
    await rejectsWith(bench.dump(mysql, { ...of, keys: { ...of.keys, DUMP_CMD: 'no_such_tool' } }), 'tool.missing');
    await bench.dump(mysql, { ...of, tools: {} });
    for (const host of ['db.example', server.socket]) {
      const target = { kind: 'server', engine: 'mysql', host, port: server.port, database: nameOf(of) } as const;
      assert.equal((await connector.describe({ ...of, target })).problems[0]?.code, 'tool.missing');
    }
    assert.deepEqual(docker.calls(), []);
  });

  it('that does not run, or lacks the program, is told as such', async () => {
    const of = await database();
    for (const [script, advice] of [
      [`console.error('service "db" is not running'); process.exitCode = 1`, 'docker compose up'],
      [`console.log('OCI runtime exec failed: exec failed'); process.exitCode = 127`, 'DUMP_CMD'],
    ] as const) {
      makeRecordingTool(docker.path, { script });
      await assert.rejects(
        bench.dump(mysql, of),
        (error) => error instanceof BackupError && error.code === 'tool.missing' && error.hint.includes(advice),
      );
    }
  });
});
