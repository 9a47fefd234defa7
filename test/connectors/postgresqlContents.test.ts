import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor, formatById, formatOf } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import type { DumpManifest } from '../../src/core/dumpManifest.ts';
import { withContext } from '../../src/jobs/context.ts';
import { makeDump } from '../../src/jobs/dump.ts';
import { makeContainerClient } from '../helpers/containerClient.ts';
import { bin, postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { inReusedMemory } from '../helpers/reusedMemory.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench } from './contract.ts';

const shop = `CREATE TABLE customers (id int PRIMARY KEY, name text); CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);
  CREATE TABLE "audit log" (a int); CREATE VIEW names AS SELECT name FROM customers`;

describe('what a dump of PostgreSQL holds', () => {
  let server: PostgresqlServer;
  let workspace: TestWorkspace;
  let name: string;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => {
    workspace = makeWorkspace();
    name = await server.createDatabase(shop);
  });
  afterEach(() => workspace.remove());

  for (const [connector, id] of [
    ['PgDumpBinaryConnector', 'pg-custom'],
    ['PgDumpConnector', 'pg-plain'],
  ] as const) {
    it(`is read in any pieces, whose memory is used again for the next one: ${connector}`, async () => {
      await server.query(name, `INSERT INTO customers SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 2000) i`);
      const bench = await makeBench();
      try {
        const { file, facts } = await bench.dump(connector, server.resolved(connector, name));
        const { verifyStream } = await formatById(id);
        assert.ok(verifyStream);
        const bytes = readFileSync(file);
        for (const level of ['quick', 'full'] as const) {
          for (const chunkBytes of [997, 65_536, 524_288]) {
            const found = await verifyStream(inReusedMemory(bytes, chunkBytes), level, bench, recordingRun());
            assert.deepEqual(found, facts.contents);
          }
        }
      } finally {
        await removeBench(bench);
      }
    });

    for (const compression of ['none', 'zstd'] as const) {
      const database = (keys: Readonly<Record<string, unknown>>): Database => ({
        ...server.resolved(connector, name, keys),
        folder: workspace.folder,
      });
      const backup = async (keys: Readonly<Record<string, unknown>>): Promise<DumpManifest> => {
        const parts = { stateDirectory: workspace.stateDirectory, run: recordingRun(), formatOf, formatById };
        const dumps = { ...workspace.dumps, compression };
        return withContext(parts, async (context) => {
          const made = await makeDump({ database: database(keys), dumps }, 'manual', {
            ...context,
            connector: await connectorFor(connector),
          });
          return made.manifest;
        });
      };
      const namesOf = ({ contents }: DumpManifest): string[] => contents.tables.map((table) => table.name);
      /** A tool that does something before it is pg_dump, with further words. */
      const toolWith = (before: string, ...words: readonly string[]): string =>
        makeRecordingTool(join(workspace.folder, 'tools', 'pg_dump'), {
          version: 'pg_dump (PostgreSQL) 15.18',
          script: `const { spawnSync } = require('node:child_process');
            const sql = ${JSON.stringify(before)};
            if (sql !== '') spawnSync('${join(bin, 'psql')}', ['-q', '-c', sql]);
            const done = spawnSync('${join(bin, 'pg_dump')}', [...argv, ...${JSON.stringify(words)}], { stdio: ['ignore', 'inherit', 'inherit'] });
            process.exitCode = done.status`,
        }).path;

      it(`is what the words of DUMP_SUFFIX say, with a warning of what they leave out: ${connector}, ${compression}`, async () => {
        const made = await backup({ DUMP_SUFFIX: `--exclude-table=orders --exclude-table='"audit log"'` });
        assert.deepEqual(namesOf(made), ['customers']);
        assert.deepEqual(made.contents.objects, { view: 1 });
        assert.deepEqual(made.warnings, ['The dump lacks what is in the database: audit log, orders.']);
      });

      it(`is what was there when the dump began, whatever came and went before: ${connector}, ${compression}`, async () => {
        const changes = 'DROP TABLE orders; CREATE TABLE later (a int); CREATE VIEW more AS SELECT 1 AS a';
        const made = await backup({ DUMP_CMD: [toolWith(changes)] });
        assert.deepEqual(namesOf(made), ['audit log', 'customers', 'later']);
        assert.deepEqual([made.contents.objects, made.warnings], [{ view: 2 }, []]);
      });

      it(`is refused where a table is missing that was there all the time: ${connector}, ${compression}`, async () => {
        await rejectsWith(backup({ DUMP_CMD: [toolWith('', '--exclude-table=orders')] }), 'dump.refused');
        assert.deepEqual(readdirSync(workspace.dumps.directory), ['.gitignore']);
      });

      it(`is listed also of a server that only its container reaches: ${connector}, ${compression}`, async () => {
        const docker = makeContainerClient(join(workspace.folder, 'tools', 'docker'), {
          programs: bin,
          inside: `env.PGHOST = '127.0.0.1'`,
        });
        const keys = { HOST: 'db.invalid', DUMP_PREFIX: `${docker.path} compose exec -T db` };
        const made = await backup(keys);
        assert.deepEqual(namesOf(made), ['audit log', 'customers', 'orders']);
        assert.ok(existsSync(join(workspace.dumps.directory, made.file)));
      });
    }
  }
});
