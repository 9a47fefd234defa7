import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { BackupError } from '../../src/core/errors.ts';
import type { Database } from '../../src/core/database.ts';
import type { Run } from '../../src/core/run.ts';
import { perform } from '../../src/perform.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';
import { makeWorkspace, recordingRun } from '../helpers/workspace.ts';

describe('a restore that its engine cannot undo, failing after it has changed rows', () => {
  let server: PostgresqlServer;
  let workspace: ReturnType<typeof makeWorkspace>;
  let database: Database;
  let dump: string;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => {
    workspace = makeWorkspace();
    const name = await server.createDatabase("CREATE TABLE items (name text); INSERT INTO items VALUES ('dumped')");
    // A way of restoring without one transaction, and a pg_restore that does its work and then fails, once.
    database = server.resolved('PgDumpBinaryConnector', name, {
      SINGLE_TRANSACTION: false,
      RESTORE_CMD: failingOnce(workspace.path('pg_restore'), workspace.path('failed')),
    });
    const { dumps, stateDirectory } = workspace;
    const made = await perform({ kind: 'backup', database, dumps, stateDirectory }, recordingRun());
    assert.ok(made.kind === 'backup');
    dump = made.file;
    await server.query(name, "UPDATE items SET name = 'live'");
  });
  afterEach(() => workspace.remove());

  const restore = (run: Run): Promise<unknown> => {
    const { dumps, stateDirectory } = workspace;
    return perform({ kind: 'restore', database, dump, dumps, stateDirectory }, run);
  };
  const names = async (): Promise<unknown[]> =>
    (await server.query(String(database.keys['NAME']), 'SELECT name FROM items')).map((row) => row['name']);
  const withCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

  it('brings the old rows back from the safety dump, when that is wanted', async () => {
    const run = recordingRun();
    await assert.rejects(restore(run), withCode('restore.rolledBack'));
    assert.deepEqual(
      run.questions.map(({ kind }) => kind),
      ['confirmRestore', 'rollBack'],
    );
    assert.ok(existsSync(workspace.path('failed')));
    assert.deepEqual(await names(), ['live']);
  });

  it('says that rows are mixed, when it is not wanted, and names the safety dump', async () => {
    const run = { ...recordingRun(), ask: ({ kind }: { kind: string }) => Promise.resolve(kind !== 'rollBack') };
    await assert.rejects(
      restore(run),
      (error) => withCode('restore.mixed')(error) && error instanceof BackupError && /safety-.*psql\.bin/.test(error.hint),
    );
    assert.deepEqual(await names(), ['dumped']);
  });

  it('says so too, when rolling back fails as well', async () => {
    const run = {
      ...recordingRun(),
      ask: ({ kind }: { kind: string }) => {
        if (kind === 'rollBack') rmSync(workspace.path('failed'));
        return Promise.resolve(true);
      },
    };
    await assert.rejects(restore(run), withCode('restore.mixed'));
  });
});

function failingOnce(path: string, mark: string): string {
  const real = spawnSync('which', ['pg_restore'], { encoding: 'utf8' }).stdout.trim();
  const script = `
    const { spawnSync } = require('node:child_process');
    const { status } = spawnSync(${JSON.stringify(real)}, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
    const hasFailed = fs.existsSync(${JSON.stringify(mark)});
    fs.writeFileSync(${JSON.stringify(mark)}, '');
    process.exit(hasFailed ? status : 1);`;
  return makeRecordingTool(path, { version: 'pg_restore (PostgreSQL) 15.0', script }).path;
}
