import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import { prepareFile } from '../helpers/restoreFile.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';
import { archiveSql, sampleSql } from './postgresqlSamples.ts';

const connector = 'PgDumpBinaryConnector';

/** What holds on to tables of the sample, stands beside them or is missing from them. */
const entangle = `
  CREATE TYPE shade AS ENUM ('light', 'dark'); ALTER TABLE orders ADD COLUMN shade shade, DROP COLUMN b; CREATE INDEX ON customers (name);
  CREATE VIEW pale AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE shade = 'light';
  CREATE SCHEMA "new;\n\\! schema"; CREATE TABLE "new;\n\\! schema"."it's" (customer int REFERENCES customers, id serial);
  CREATE FUNCTION "new;\n\\! schema".two() RETURNS int LANGUAGE sql AS 'SELECT 2';
  CREATE TABLE events_2022 PARTITION OF events FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
  CREATE EXTENSION citext; CREATE TABLE worded (w citext); CREATE PUBLICATION later FOR ALL TABLES; DROP PUBLICATION news;
  CREATE EVENT TRIGGER seen ON sql_drop EXECUTE FUNCTION watch_ddl(); CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int);
  SELECT lo_from_bytea(0, 'another'); SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata ORDER BY oid LIMIT 1) o;
  DROP MATERIALIZED VIEW totals; DROP SEQUENCE lonely; DROP TABLE audit.log; DELETE FROM customers WHERE id > 205;`;

describe('undoing a restore of PostgreSQL', () => {
  let server: PostgresqlServer;
  let bench: Bench;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  for (const keys of [{}, { SINGLE_TRANSACTION: false }, { JOBS: 2, RESTORE_SUFFIX: '--no-acl' }]) {
    it(`drops all that was made since, and brings back all that went, with ${JSON.stringify(keys)}`, async () => {
      const name = await server.createDatabase(archiveSql);
      const database = server.resolved(connector, name, keys);
      const [old, safety] = [server.hashOf(name), await bench.safetyDump(connector, database)];
      await server.query(name, entangle);
      await bench.undo(connector, database, safety);
      assert.equal(server.hashOf(name), old);
      assert.equal((await readdir(bench.scratch)).filter((file) => /^(target|drops|rows)-/.test(file)).length, 0);
    });
  }

  it('says beforehand that other tables go, and keeps them when the safety dump is another database’s', async () => {
    const name = await server.createDatabase(sampleSql);
    const database = server.resolved(connector, name);
    const other = server.resolved(connector, await server.createDatabase('CREATE TABLE mine (a int)'));
    const safety = await bench.safetyDump(connector, database);
    const found = await connectorFor(connector);
    const given = { path: safety, workspace: bench, run: bench.run(), safetyOf: database };
    assert.equal((await prepareFile(found, { ...given, database })).unlistedTables, 'removed');
    assert.equal((await prepareFile(found, { ...given, database: other })).unlistedTables, undefined);
    await bench.undo(connector, other, safety, database);
    assert.equal((await server.query(String(other.keys['NAME']), "SELECT to_regclass('mine') AS found"))[0]?.['found'], 'mine');
  });

  it('leaves everything as it is when it fails', async () => {
    const name = await server.createDatabase();
    await server.query(name, `ALTER DATABASE "${name}" SET app.allowed = 'yes'`);
    await server.query(
      name,
      `CREATE TABLE strict (a int CHECK (current_setting('app.allowed', true) = 'yes')); INSERT INTO strict VALUES (1); CREATE VIEW old AS SELECT 1 AS a`,
    );
    const database = server.resolved(connector, name);
    const safety = await bench.safetyDump(connector, database);
    await server.query(name, `ALTER DATABASE "${name}" SET app.allowed = 'no'; CREATE TABLE later (a int); DROP VIEW old`);
    const before = server.hashOf(name);
    await rejectsWith(bench.undo(connector, database, safety), 'tool.failed');
    assert.equal(server.hashOf(name), before);
  });

  it('works for a normal user, beside an extension that an administrator has made', async () => {
    await server.query('postgres', `CREATE ROLE undoer LOGIN PASSWORD 'secret'`);
    const name = await server.createDatabase();
    await server.query('postgres', `ALTER DATABASE "${name}" OWNER TO undoer`);
    const database = server.resolved(connector, name, { USER: 'undoer', PASSWORD: 'secret' });
    await server.query(name, 'SET ROLE undoer; CREATE TABLE a (i int); INSERT INTO a VALUES (1)');
    const safety = await bench.safetyDump(connector, database);
    await server.query(name, 'CREATE EXTENSION hstore; SET ROLE undoer; CREATE VIEW v AS SELECT * FROM a; DELETE FROM a');
    await bench.undo(connector, database, safety);
    const [found] = await server.query(
      name,
      `SELECT to_regclass('v') AS view, (SELECT count(*)::int FROM a) AS rows, (SELECT count(*)::int FROM pg_extension WHERE extname = 'hstore') AS extensions`,
    );
    assert.deepEqual(found, { view: null, rows: 1, extensions: 1 });
  });
});
