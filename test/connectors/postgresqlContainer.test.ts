import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import { BackupError } from '../../src/core/errors.ts';
import { composeText, makeContainerClient, postgresqlInside } from '../helpers/containerClient.ts';
import { bin, postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeRecordingTool, type RecordingTool } from '../helpers/recordingTool.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';

const missing = '/nonexistent/tool';

describe('a PostgreSQL server in a container of the workspace', () => {
  const path = process.env['PATH'];
  let server: PostgresqlServer;
  let bench: Bench;
  let docker: RecordingTool;
  let database: Database;
  let name: string;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => {
    bench = await makeBench();
    process.env['PATH'] = `${bench.tools}:${path ?? ''}`;
    docker = makeContainerClient(join(bench.tools, 'docker'), { programs: bin, inside: postgresqlInside(server.port) });
    writeFileSync(join(bench.folder, 'compose.yaml'), composeText('db', server.port));
    name = await server.createDatabase(`CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT lo_from_bytea(0, 'large')`);
    database = {
      ...server.resolved('PgDumpBinaryConnector', name),
      folder: bench.folder,
      tools: { pg_dump: missing, pg_restore: missing, psql: missing },
      mayUseContainers: true,
    };
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await removeBench(bench);
  });

  it('is described with the tools in there and why, without starting anything', async () => {
    const connector = await connectorFor('PgDumpBinaryConnector');
    const { tools, dump, restore, problems } = await connector.describe({ ...database, mayUseContainers: false });
    const why = 'in the container of db (compose.yaml), because none was found on this machine';
    assert.deepEqual(tools, [
      { name: 'pg_dump', path: 'pg_dump', version: '', why, container: 'db' },
      { name: 'pg_restore', path: 'pg_restore', version: '', why, container: 'db' },
    ]);
    assert.deepEqual([dump[0]?.program, dump[0]?.env['PGPORT'], problems], [docker.path, '5432', []]);
    assert.deepEqual(restore[0]?.args.slice(-2), ['-d', '']);
    assert.deepEqual(docker.calls(), []);
  });

  it('is backed up, restored and led back with the tools in there, to which values go by name only', async () => {
    for (const connector of ['PgDumpBinaryConnector', 'PgDumpConnector']) {
      const { file } = await bench.dump(connector, database);
      await server.query(name, 'DELETE FROM t; CREATE TABLE IF NOT EXISTS later (a int)');
      const [before, safety] = [server.hashOf(name), await bench.safetyDump(connector, database)];
      await bench.restore(connector, database, file);
      assert.equal((await server.query(name, 'SELECT a FROM t')).length, 1);
      await server.query(name, 'CREATE VIEW made AS SELECT 1 AS a');
      await bench.undo(connector, database, safety);
      assert.equal(server.hashOf(name), before);
      await bench.restore(connector, database, file);
    }
    for (const { argv } of docker.calls()) {
      assert.deepEqual(argv.slice(0, 4), ['compose', '--file', join(bench.folder, 'compose.yaml'), 'exec']);
      assert.ok(argv.includes('PGPASSWORD') && !argv.join().includes('canary'));
    }
  });

  it('is left alone until that is approved: the missing tool is told, with what to set', async () => {
    const untold = { ...database, mayUseContainers: undefined };
    await assert.rejects(
      bench.dump('PgDumpBinaryConnector', untold),
      (error) =>
        error instanceof BackupError && error.code === 'tool.missing' && error.hint.includes('docker compose exec -T db'),
    );
    assert.deepEqual(docker.calls(), []);
  });

  it('is not looked for when a tool is named, is there, or the server is another machine’s or at a socket', async () => {
    await rejectsWith(
      bench.dump('PgDumpBinaryConnector', { ...database, keys: { ...database.keys, DUMP_CMD: 'no_such_tool' } }),
      'tool.missing',
    );
    await bench.dump('PgDumpBinaryConnector', { ...database, tools: {} });
    const connector = await connectorFor('PgDumpBinaryConnector');
    for (const host of ['db.example', server.socket]) {
      const target = { kind: 'server', engine: 'postgresql', host, port: server.port, database: name } as const;
      assert.equal((await connector.describe({ ...database, target })).problems[0]?.code, 'tool.missing');
    }
    assert.deepEqual(docker.calls(), []);
  });

  it('that does not run is told as such', async () => {
    makeRecordingTool(docker.path, { script: `console.error('service "db" is not running'); process.exitCode = 1` });
    await assert.rejects(
      bench.dump('PgDumpBinaryConnector', database),
      (error) => error instanceof BackupError && error.code === 'tool.missing' && error.hint.includes('docker compose up'),
    );
  });
});
