import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { PreparedRestore } from '../../src/core/connector.ts';
import type { Database } from '../../src/core/database.ts';
import type { Run } from '../../src/core/run.ts';
import { postgresqlServer, startServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { recordingRun } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';

const shop = `CREATE TABLE customers (id int PRIMARY KEY, name text); CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);
  INSERT INTO customers VALUES (1, 'a'), (2, 'b'); INSERT INTO orders VALUES (1, 1), (2, 2);`;
const binary = 'PgDumpBinaryConnector';
const plain = 'PgDumpConnector';

describe('defects of others with PostgreSQL', () => {
  let server: PostgresqlServer;
  let bench: Bench;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  const database = async (connector: string, sql = shop, keys = {}): Promise<Database> =>
    server.resolved(connector, await server.createDatabase(sql), keys);
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);
  const withKeys = (base: Database, keys: object): Database => ({ ...base, keys: { ...base.keys, ...keys } });
  const rows = async (of: Database, sql: string): Promise<unknown[]> =>
    (await server.query(nameOf(of), sql)).map((row) => Object.values(row)[0]);

  async function prepare(of: Database, file: string, run: Run = recordingRun(false)): Promise<PreparedRestore> {
    const connector = await connectorFor(of.connector);
    const format = readFileSync(file).subarray(0, 5).toString() === 'PGDMP' ? 'pg-custom' : 'pg-plain';
    const inspection = await connector.inspect(of, bench, run);
    return connector.prepareRestore(of, { path: file, sizeBytes: 1, format, origin: 'here' }, inspection, bench, run);
  }

  /** What the tools of both phases are called with; nothing is really restored. */
  async function wordsOf(
    connector: string,
    keys: object,
    sql = shop,
  ): Promise<{ dump: string[]; restore: string[]; env: Record<string, string> }> {
    const real = await database(connector, sql, keys);
    const { file } = await bench.dump(connector, real);
    const version = 'x (PostgreSQL) 15.18';
    const [pgDump, restoreTool] = [
      makeRecordingTool(join(bench.tools, 'pg_dump'), {
        version,
        script: `process.stdout.write(fs.readFileSync(${JSON.stringify(file)}))`,
      }),
      makeRecordingTool(join(bench.tools, 'restore'), { version }),
    ];
    const faked = withKeys(real, { DUMP_CMD: [pgDump.path], RESTORE_CMD: [restoreTool.path] });
    await bench.dump(connector, faked);
    await (await prepare(faked, file)).apply(recordingRun());
    const [dump, restore] = [pgDump.calls().at(-1), restoreTool.calls().at(-1)];
    assert.ok(dump && restore);
    const shown = restore.argv.map((word) =>
      word === file || word.startsWith(bench.scratch) ? 'FILE' : word.replace(/^\\restrict \w{48}$/, 'TOKEN'),
    );
    return { dump: dump.argv, restore: shown, env: restore.env };
  }

  it('P1 works with each of DROP, IF_EXISTS and SINGLE_TRANSACTION both ways, with the words that the tools accept', async () => {
    const dumpWords = ['--no-password', '--format=custom', '--lock-wait-timeout=60000', '--verbose'];
    for (const [keys, clean] of [
      [{}, ['--clean', '--if-exists']],
      [{ DROP: false }, []],
      [{ IF_EXISTS: false }, ['--clean']],
      [{ DROP: false, IF_EXISTS: true }, []],
    ] as const) {
      const { dump, restore } = await wordsOf(binary, keys);
      assert.deepEqual(dump, dumpWords);
      assert.deepEqual(restore, [
        '--no-password',
        '--exit-on-error',
        '--single-transaction',
        ...clean,
        '--verbose',
        '-d',
        '',
        'FILE',
      ]);
      const text = await wordsOf(plain, keys);
      assert.deepEqual(text.dump, ['--no-password', '--lock-wait-timeout=60000', ...clean]);
      assert.deepEqual(text.restore, ['-X', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', '-1', '-c', 'TOKEN', '-f', 'FILE']);
    }
    const loose = await wordsOf(binary, {
      SINGLE_TRANSACTION: false,
      PG_OPTIONS: '--no-acl',
      RESTORE_SUFFIX: '--no-owner',
      DUMP_SUFFIX: '-Z 1',
    });
    assert.deepEqual(loose.dump, [...dumpWords, '-Z', '1']);
    assert.deepEqual(loose.restore.slice(2), ['--clean', '--if-exists', '--verbose', '-d', '', '--no-acl', '--no-owner', 'FILE']);
    const jobs = await wordsOf(binary, { JOBS: 3 });
    assert.deepEqual(jobs.restore.slice(2, 5), ['--clean', '--if-exists', '--jobs=3']);
    for (const connector of [binary, plain]) {
      const target = await database(connector, shop, { DROP: false });
      const { file } = await bench.dump(connector, target);
      const empty = await database(connector, '', { DROP: false });
      await (await prepare(empty, file)).apply(recordingRun());
      assert.deepEqual(await rows(empty, 'SELECT name FROM customers ORDER BY id'), ['a', 'b']);
    }
  });

  it('P2 says that SCHEMAS has no effect on a plain restore, and sends psql nothing of it', async () => {
    const { restore, dump } = await wordsOf(plain, { SCHEMAS: ['public'] });
    assert.deepEqual(dump.slice(-2), ['-n', '"public"']);
    assert.ok(!restore.includes('-n'));
    const target = await database(plain, shop, { SCHEMAS: ['public'] });
    const { file } = await bench.dump(plain, target);
    const run = recordingRun(false);
    await prepare(target, file, run);
    assert.ok(run.lines.some((line) => line.includes('SCHEMAS has no effect')));
  });

  it('P3 makes PostGIS in the target itself, as ADMIN_USER with ADMIN_PASSWORD', async () => {
    await server.query('postgres', `CREATE ROLE plainuser LOGIN PASSWORD 'plain'`);
    const source = await database(
      'PgDumpGisConnector',
      "CREATE EXTENSION postgis; CREATE TABLE places (at geometry); INSERT INTO places VALUES ('POINT(1 2)');",
    );
    await server.query(nameOf(source), 'ALTER TABLE places OWNER TO plainuser');
    const { file } = await bench.dump('PgDumpGisConnector', source);
    const name = await server.createDatabase('GRANT ALL ON SCHEMA public TO plainuser');
    const user = { USER: 'plainuser', PASSWORD: 'plain' };
    await rejectsWith(
      (
        await prepare(
          server.resolved('PgDumpGisConnector', name, { ...user, ADMIN_USER: server.user, ADMIN_PASSWORD: 'wrong' }),
          file,
        )
      ).apply(recordingRun()),
      'connection.wrongPassword',
    );
    const target = server.resolved('PgDumpGisConnector', name, {
      ...user,
      ADMIN_USER: server.user,
      ADMIN_PASSWORD: server.password,
    });
    await (await prepare(target, file)).apply(recordingRun());
    assert.deepEqual(await rows(target, 'SELECT public.st_astext(at) FROM places'), ['POINT(1 2)']);
    assert.deepEqual(
      await server.query(
        server.user === nameOf(target) ? 'postgres' : 'postgres',
        `SELECT 1 FROM pg_extension WHERE extname = 'postgis'`,
      ),
      [],
    );
  });

  it('P4 uses RESTORE_ENV in restores and only there', async () => {
    const { env } = await wordsOf(binary, { RESTORE_ENV: { SEEN: 'restore' }, DUMP_ENV: { SEEN: 'dump', D: '1' } });
    assert.deepEqual([env['SEEN'], env['D']], ['restore', undefined]);
  });

  for (const name of [
    'with space',
    `quo"te's`,
    '--host=evil',
    'host=evil dbname=x',
    'postgresql://evil/x',
    'a/b?c@d:e#f%20',
    'ünïcode',
    '-leading',
    '$HOME `id`',
  ]) {
    it(`P5 reaches the database, user and password named ${name}`, async () => {
      const role = `role ${name}`;
      await server.query(
        'postgres',
        `CREATE ROLE "${role.replaceAll('"', '""')}" SUPERUSER LOGIN PASSWORD '${`pw ${name}`.replaceAll("'", "''")}'`,
      );
      await server.createDatabase(shop, name);
      for (const connector of [binary, plain]) {
        const target = server.resolved(connector, name, { USER: role, PASSWORD: `pw ${name}` });
        const { file } = await bench.dump(connector, target);
        await server.query(name, 'DELETE FROM orders');
        await (await prepare(target, file)).apply(recordingRun());
        assert.deepEqual(await rows(target, 'SELECT count(*)::int FROM orders'), [2]);
      }
    });
  }

  it('P5 reaches a server through a socket whose path has spaces', async () => {
    const folder = join(tmpdir(), `dbbackup sockets ${process.pid}`);
    mkdirSync(folder, { recursive: true, mode: 0o777 });
    chmodSync(folder, 0o777);
    const own = await startServer({ settings: [`unix_socket_directories=${folder}`] });
    try {
      const target = own.resolved(binary, await own.createDatabase(shop), { HOST: folder });
      assert.equal((await bench.dump(binary, target)).facts.contents.tables.length, 2);
    } finally {
      await own.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('P6 gives the tool the file itself, so that JOBS works, and says that it is no single transaction', async () => {
    const target = await database(binary, shop, { JOBS: 2 });
    const { file } = await bench.dump(binary, target);
    await server.query(nameOf(target), 'DELETE FROM orders');
    const prepared = await prepare(target, file);
    assert.deepEqual([prepared.safety, prepared.warnings.length], ['rollBack', 1]);
    await prepared.apply(recordingRun());
    assert.deepEqual(await rows(target, 'SELECT count(*)::int FROM orders'), [2]);
    assert.equal((await prepare(withKeys(target, { JOBS: 1 }), file)).safety, 'atomic');
  });

  it('P7 does not read ~/.psqlrc', async () => {
    writeFileSync(join(bench.tools, '.psqlrc'), `\\! touch ${join(bench.tools, 'ran')}\n`);
    const target = await database(plain, shop, { RESTORE_ENV: { HOME: bench.tools } });
    const { file } = await bench.dump(plain, target);
    await (await prepare(target, file)).apply(recordingRun());
    assert.throws(() => readFileSync(join(bench.tools, 'ran')), { code: 'ENOENT' });
  });

  it('P8 refuses a plain dump that is cut before its rows', async () => {
    const target = await database(plain);
    const { file } = await bench.dump(plain, target);
    const text = readFileSync(file, 'latin1');
    writeFileSync(join(bench.dumps, 'cut'), text.slice(0, text.indexOf('COPY ')), 'latin1');
    await rejectsWith(prepare(target, join(bench.dumps, 'cut')), 'dumps.truncated');
    assert.deepEqual(await rows(target, 'SELECT count(*)::int FROM orders'), [2]);
  });

  it('P9 names tables and views made after the dump that hold on to what it replaces, before anything is changed', async () => {
    for (const later of ['CREATE TABLE later (c int REFERENCES customers)', 'CREATE VIEW later AS SELECT * FROM customers']) {
      const target = await database(binary);
      const { file } = await bench.dump(binary, target);
      await server.query(nameOf(target), later);
      await rejectsWith(prepare(target, file), 'restore.refused');
      assert.ok(await prepare(withKeys(target, { DROP: false }), file));
    }
  });

  it('P10 says which excluded tables a restore empties', async () => {
    const target = await database(binary, shop, { EXCLUDE: ['orders'] });
    const { file } = await bench.dump(binary, target);
    assert.deepEqual((await prepare(target, file)).emptied, ['orders']);
    assert.deepEqual((await prepare(withKeys(target, { DROP: false }), file)).emptied, []);
  });

  it('P11 takes errors of pg_restore for what they are', async () => {
    const target = await database(binary, shop, { SINGLE_TRANSACTION: false, DROP: false });
    const { file } = await bench.dump(binary, target);
    await rejectsWith((await prepare(target, file)).apply(recordingRun()), 'tool.failed');
  });

  it('P12 restores partitioned tables with keys over themselves, and says which later partitions go with them', async () => {
    const target = await database(
      binary,
      `CREATE TABLE p (id int, at int, PRIMARY KEY (id, at), UNIQUE (at, id)) PARTITION BY RANGE (at);
       CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
       CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
       CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (10); CREATE INDEX p_id ON p (id); INSERT INTO p VALUES (1, 1), (2, 12);`,
    );
    const before = server.hashOf(nameOf(target));
    const { file } = await bench.dump(binary, target);
    await server.query(nameOf(target), 'DELETE FROM p; CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)');
    const prepared = await prepare(target, file);
    assert.deepEqual(prepared.lost, ['p3']);
    await prepared.apply(recordingRun());
    assert.equal(server.hashOf(nameOf(target)), before);
    const text = { ...target, connector: plain };
    const plainFile = (await bench.dump(plain, text)).file;
    await rejectsWith(prepare(text, plainFile), 'restore.refused');
  });

  it('P13 rolls a plain restore with large objects back when an error comes near its end', async () => {
    const target = await database(plain, `${shop} SELECT lo_from_bytea(0, 'large');`);
    const { file } = await bench.dump(plain, target);
    await server.query(nameOf(target), `UPDATE customers SET name = 'now'`);
    const before = server.hashOf(nameOf(target));
    const text = readFileSync(file, 'latin1');
    assert.match(text, /\nBEGIN;\n/);
    const broken = join(bench.dumps, 'broken');
    writeFileSync(
      broken,
      text.replace('--\n-- PostgreSQL database dump complete', 'SELECT 1/0;\n\n--\n-- PostgreSQL database dump complete'),
      'latin1',
    );
    await rejectsWith((await prepare(target, broken)).apply(recordingRun()), 'tool.failed');
    assert.equal(server.hashOf(nameOf(target)), before);
    await (await prepare(target, file)).apply(recordingRun());
    assert.deepEqual(await rows(target, 'SELECT name FROM customers ORDER BY id'), ['a', 'b']);
    const inSteps = { ...target, keys: { ...target.keys, SINGLE_TRANSACTION: false } };
    await (await prepare(inSteps, file)).apply(recordingRun());
    assert.deepEqual(await rows(target, 'SELECT count(*)::int FROM pg_largeobject_metadata'), [1]);
  });

  it('P14 restores rows and texts that hold \\restrict', async () => {
    const target = await database(
      plain,
      `CREATE TABLE t (a text); INSERT INTO t VALUES (E'\\\\restrict x'), (E'\\n\\\\unrestrict y'); COMMENT ON TABLE t IS E'a\\n\\\\restrict z';`,
    );
    const before = server.hashOf(nameOf(target));
    const { file } = await bench.dump(plain, target);
    await server.query(nameOf(target), 'DELETE FROM t');
    await (await prepare(target, file)).apply(recordingRun());
    assert.equal(server.hashOf(nameOf(target)), before);
  });

  it('P15 restores a PostGIS database as a normal user, from both kinds of dump', async () => {
    await server.query('postgres', `CREATE ROLE gisuser LOGIN PASSWORD 'gis'`);
    const user = { USER: 'gisuser', PASSWORD: 'gis' };
    const name = await server.createDatabase(
      `CREATE EXTENSION postgis; GRANT ALL ON SCHEMA public TO gisuser; SET ROLE gisuser; CREATE TABLE places (at geometry); INSERT INTO places VALUES ('POINT(1 2)')`,
    );
    for (const connector of [binary, plain]) {
      const target = server.resolved(connector, name, user);
      const { file } = await bench.dump(connector, server.resolved(connector, name));
      await server.query(name, 'DELETE FROM places');
      await (await prepare(target, file, recordingRun(true))).apply(recordingRun());
      assert.deepEqual(await rows(target, 'SELECT public.st_astext(at) FROM places'), ['POINT(1 2)']);
    }
  });

  it('P16 says before a restore that one transaction would need more locks than the server has', async () => {
    const own = await startServer({ settings: ['max_locks_per_transaction=10', 'max_connections=20'] });
    try {
      const target = own.resolved(binary, await own.createDatabase());
      for (let part = 0; part < 4; part += 1)
        await own.query(
          nameOf(target),
          `DO $$ BEGIN FOR i IN 1..25 LOOP EXECUTE format('CREATE TABLE t${part}_%s (id serial PRIMARY KEY, a text)', i); END LOOP; END $$`,
        );
      const { file } = await bench.dump(binary, target);
      await rejectsWith(prepare(target, file), 'restore.refused');
      const loose = withKeys(target, { SINGLE_TRANSACTION: false });
      await (await prepare(loose, file)).apply(recordingRun());
    } finally {
      await own.stop();
    }
  });

  it('P17 dumps its own database whatever PGSERVICE and PGOPTIONS say', async () => {
    const service = join(bench.tools, 'services');
    writeFileSync(service, `[other]\nhost=127.0.0.1\nport=${server.port}\ndbname=postgres\n`);
    const own = await database(binary);
    const saved = process.env;
    process.env = {
      ...saved,
      PGSERVICE: 'other',
      PGSERVICEFILE: service,
      PGDATABASE: 'postgres',
      PGOPTIONS: '-c search_path=nowhere',
    };
    try {
      const { facts, file } = await bench.dump(binary, own);
      assert.deepEqual(facts.contents.tables, [{ name: 'customers' }, { name: 'orders' }]);
      assert.deepEqual((await bench.verify(file)).tables, facts.contents.tables);
    } finally {
      process.env = saved;
    }
  });

  it('P18 checks SCHEMAS by their exact names, and dumps those with capitals', async () => {
    const sql = `CREATE SCHEMA "Mixed"; CREATE TABLE "Mixed"."T" (a int); ${shop}`;
    await rejectsWith(bench.dump(binary, await database(binary, sql, { SCHEMAS: ['mixed'] })), 'dump.refused');
    const { facts, file } = await bench.dump(binary, await database(binary, sql, { SCHEMAS: ['Mixed'] }));
    assert.deepEqual([facts.contents.tables, facts.warnings.length], [[{ name: 'Mixed.T' }], 1]);
    assert.deepEqual((await bench.verify(file)).tables, facts.contents.tables);
  });

  it('P19 says before the dump that rows in it would refer to rows that EXCLUDE leaves out', async () => {
    const target = await database(binary, shop, { EXCLUDE: ['customers'] });
    await rejectsWith(bench.dump(binary, target), 'dump.refused');
    const { facts } = await bench.dump(binary, target, recordingRun(true));
    assert.equal(facts.warnings.length, 1);
  });

  it('D8 warns of names in EXCLUDE that match nothing, and matches capitals, dots and wildcards as they are meant', async () => {
    const sql = `CREATE TABLE "Mixed" (a int); CREATE TABLE "a.b" (a int); CREATE SCHEMA s; CREATE TABLE s.t1 (a int); CREATE TABLE s.t2 (a int);`;
    const target = await database(binary, sql, { EXCLUDE: ['Mixed', 'a.b', 's.t*', 'nothing', 'mixed'] });
    const { facts, file } = await bench.dump(binary, target);
    assert.deepEqual(facts.warnings, [
      'EXCLUDE names nothing, which matches no table.',
      'EXCLUDE names mixed, which matches no table.',
    ]);
    assert.ok(!readFileSync(file, 'latin1').includes('TABLE DATA'));
  });

  it('X3 takes no connector, tool or path from a dump’s manifest', async () => {
    const target = await database(binary);
    const { file } = await bench.dump(binary, target);
    const connector = await connectorFor(plain);
    const run = recordingRun(false);
    const dump = { path: file, sizeBytes: 1, format: 'pg-custom', origin: 'foreign' as const };
    const prepared = await connector.prepareRestore(
      { ...target, connector: plain },
      dump,
      await connector.inspect(target, bench, run),
      bench,
      run,
    );
    await prepared.apply(run);
    assert.ok(run.lines.some((line) => /Running \S*\/pg_restore /.test(line)));
  });
});
