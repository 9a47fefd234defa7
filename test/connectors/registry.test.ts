import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'mocha';
import { connectorFor, formatById, formatOf } from '../../src/connectors/registry.ts';
import { rejectsWith } from './contract.ts';

const registry = new URL('../../src/connectors/registry.ts', import.meta.url).href;

describe('the registry', () => {
  it('knows its connectors by their names', async () => {
    for (const [name, extension, format] of [
      ['SqliteBackupConnector', 'sqlite3', 'sqlite'],
      ['SqliteConnector', 'dump', 'sqlite-sql'],
      ['SqliteCPConnector', 'dump', 'sqlite'],
      ['MysqlDumpConnector', 'dump', 'mysql-sql'],
      ['PgDumpBinaryConnector', 'psql.bin', 'pg-custom'],
      ['PgDumpConnector', 'psql', 'pg-plain'],
      ['PgDumpGisConnector', 'psql', 'pg-plain'],
    ] as const) {
      const connector = await connectorFor(name);
      assert.deepEqual([connector.name, connector.extension, connector.format], [name, extension, format]);
      assert.equal((await formatById(format)).id, format);
    }
  });

  it('says which connectors are not part of this version, and which do not exist', async () => {
    await rejectsWith(connectorFor('JsonConnector'), 'connector.unavailable');
    await rejectsWith(connectorFor('./tools/redis.mjs#RedisConnector'), 'connector.unavailable');
    for (const name of ['Sqlite', '', 'toString', '__proto__']) await rejectsWith(connectorFor(name), 'connector.unknown');
    await rejectsWith(formatById('constructor'), 'dumps.unknownFormat');
  });

  it('tells formats by their first bytes and knows nothing of other files', async () => {
    assert.equal((await formatOf(Buffer.from('SQLite format 3\0…')))?.id, 'sqlite');
    assert.equal((await formatOf(Buffer.from('PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n')))?.id, 'sqlite-sql');
    for (const text of ['', 'SQLite format 2', 'PGDM', '-- PostgreSQL database dump\n', '{"alias":1}']) {
      assert.equal(await formatOf(Buffer.from(text)), undefined);
    }
  });

  it('loads the library of SQLite only in its thread', () => {
    const script = `
      import { createRequire } from 'node:module';
      const { connectorFor } = await import(${JSON.stringify(registry)});
      const connector = await connectorFor('SqliteBackupConnector');
      const run = { signal: new AbortController().signal, progress() {}, log() {}, ask: async () => false };
      const database = { keys: { NAME: 'x' }, target: { kind: 'file', engine: 'sqlite', path: '/nonexistent/x' } };
      const { exists } = await connector.inspect(database, { scratch: process.argv[1] }, run);
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      console.log(JSON.stringify([exists, loaded.some((path) => path.includes('better-sqlite3'))]));`;
    const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script, '/tmp'], {
      encoding: 'utf8',
    });
    assert.equal(output.trim(), '[false,false]');
  });
});
