import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { Database } from '../../src/core/database.ts';
import type { Progress } from '../../src/core/run.ts';
import { perform } from '../../src/perform.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { restoreFile } from '../helpers/restoreFile.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { makeBench, removeBench, type Bench } from './contract.ts';

/** Two megabytes of rows, one row that cannot be restored while somebody holds the lock 7, and one megabyte. */
const gatedSql = `
  CREATE FUNCTION is_open(a int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN true; END';
  CREATE TABLE a_before (a text); INSERT INTO a_before SELECT repeat('x', 99) FROM generate_series(1, 20000);
  CREATE TABLE b_gate (a int CHECK (is_open(a))); INSERT INTO b_gate VALUES (1);
  CREATE TABLE c_after (a text); INSERT INTO c_after SELECT repeat('x', 99) FROM generate_series(1, 10000);`;
const [bytesBefore, bytesAfter] = [2_000_000, 1_000_000];
/** What psql may have read beyond the place where it waits: a buffer. */
const readAhead = 8192;

describe('progress of restores by psql', () => {
  let server: PostgresqlServer;
  let bench: Bench;
  before(async function () {
    // Elsewhere nobody can say where another process stands in a file.
    if (process.platform !== 'linux') return this.skip();
    server = await postgresqlServer();
  });
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  it('says where psql stands in a plain dump', async () => {
    const database = server.resolved('PgDumpConnector', await server.createDatabase(gatedSql));
    const { file } = await bench.dump('PgDumpConnector', database);
    await seesWhereItWaits(database, file);
  });

  it('says where psql stands in the script of an undo', async () => {
    const database = server.resolved('PgDumpBinaryConnector', await server.createDatabase(gatedSql));
    await seesWhereItWaits(database, await bench.safetyDump('PgDumpBinaryConnector', database), database);
  });

  /** Restores while another session holds the lock, and frees it once the progress has been told of where that is. */
  async function seesWhereItWaits(database: Database, file: string, safetyOf?: Database): Promise<void> {
    const other = await server.connect(String(database.keys['NAME']));
    await other.query('SELECT pg_advisory_lock(7)');
    let [isWaiting, isFree] = [false, false];
    const seen: Progress[] = [];
    const run = {
      ...bench.run(),
      log: (_level: string, text: string): void => void (isWaiting ||= text.includes('waits for a lock')),
      progress: (progress: Progress): void => {
        if (progress.doneBytes === undefined || isFree) return;
        seen.push(progress);
        if (!isWaiting) return;
        isFree = true;
        void other.end();
      },
    };
    const path = join(bench.scratch, 'dump');
    await copyFile(file, path);
    const given = { database, path, workspace: bench, run, ...(safetyOf === undefined ? {} : { safetyOf }) };
    await restoreFile(await connectorFor(database.connector), given);
    const { phase, doneBytes = 0, totalBytes = 0 } = seen.at(-1) ?? {};
    assert.equal(phase, 'restoring');
    assert.ok(doneBytes > bytesBefore && doneBytes < totalBytes - bytesAfter + readAhead, JSON.stringify(seen));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => Number(a.doneBytes) - Number(b.doneBytes)),
    );
    assert.ok(seen.every((progress) => progress.totalBytes === totalBytes));
    const [rows] = await server.query(String(database.keys['NAME']), 'SELECT count(*)::int AS count FROM c_after');
    assert.equal(rows?.['count'], 10_000);
  }
});

describe('progress of dumps by pg_dump', () => {
  let server: PostgresqlServer;
  let workspace: TestWorkspace;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(() => void (workspace = makeWorkspace()));
  afterEach(() => workspace.remove());

  for (const connector of ['PgDumpConnector', 'PgDumpBinaryConnector']) {
    for (const compression of ['none', 'zstd'] as const) {
      it(`says how far it is, and goes back to no earlier phase, with ${connector} and ${compression}`, async () => {
        const database = { ...server.resolved(connector, await server.createDatabase(gatedSql)), folder: workspace.folder };
        const seen: Progress[] = [];
        const run = { ...recordingRun(), progress: (progress: Progress) => void seen.push(progress) };
        const dumps = { ...workspace.dumps, compression, verification: 'full' } as const;
        await perform({ kind: 'backup', database, dumps, stateDirectory: workspace.stateDirectory }, run);
        const dumping = seen.filter(({ phase }) => phase === 'dumping');
        assert.ok((dumping.at(-1)?.doneBytes ?? 0) >= bytesBefore, JSON.stringify(dumping.at(-1)));
        const phases = seen.map(({ phase }) => phase).filter((phase, at, all) => phase !== all[at - 1]);
        assert.deepEqual(phases, [...new Set(phases)]);
      });
    }
  }
});
