import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import type { JobRequest, JobResult, RequestOf } from '../../src/core/job.ts';
import { startJob } from '../helpers/jobProcess.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { until } from '../helpers/processes.ts';
import { makeWorkspace, type TestWorkspace } from '../helpers/workspace.ts';

const jobProcess = fileURLToPath(new URL('../../dist/jobProcess.js', import.meta.url));
const kills = Number(process.env['DBBACKUP_RESTORE_KILLS'] ?? 20);

const sql = `CREATE TABLE a (id int PRIMARY KEY, t text); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, t text);
  INSERT INTO a SELECT i, md5(i::text) FROM generate_series(1, 8000) i; INSERT INTO b SELECT i, i, md5(i::text) FROM generate_series(1, 8000) i;
  SELECT lo_from_bytea(0, 'large');`;

describe('restores of PostgreSQL that are killed at any moment', () => {
  let server: PostgresqlServer;
  let workspace: TestWorkspace;
  before(async () => {
    server = await postgresqlServer();
    workspace = makeWorkspace();
  });
  after(() => workspace.remove());

  for (const [what, connector] of [
    ['restores', 'PgDumpBinaryConnector'],
    ['restores', 'PgDumpConnector'],
    ['undoings', 'PgDumpBinaryConnector'],
  ] as const) {
    for (const victim of ['tool', 'job'] as const) {
      it(`leave old or new rows in ${kills / 2} kills of the ${victim} in ${what} with ${connector}`, async function () {
        this.timeout(60_000 + kills * 5000);
        const name = await server.createDatabase(sql);
        const database: Database = { ...server.resolved(connector, name), folder: workspace.folder };
        const saved = what === 'undoings' ? replaced : dumped;
        const old = { hash: server.hashOf(name), file: await saved(database) };
        await server.query(name, 'DELETE FROM b WHERE id % 3 = 0; UPDATE a SET t = $$now$$');
        if (what === 'undoings') await server.query(name, 'CREATE VIEW v AS SELECT * FROM a; SELECT lo_from_bytea(0, $$other$$)');
        const later = { hash: server.hashOf(name), file: await saved(database) };
        const from = performance.now();
        await complete(restoreOf(database, old.file));
        const fullMs = performance.now() - from;
        const states = [old, later];
        let killed = 0;
        for (let attempt = 0; killed < kills / 2; attempt += 1) {
          const wanted = states[attempt % 2 === 0 ? 1 : 0] ?? old;
          const job = startJob(jobProcess, restoreOf(database, wanted.file));
          if (victim === 'job') {
            await Promise.race([delay(randomInt(Math.ceil(fullMs * 1.05))), job.lastWord]);
            job.kill();
            if ((await job.lastWord) === undefined) killed += 1;
          } else {
            const tools = (): number[] => toolsOf(name);
            await Promise.race([until(() => tools().length > 0, 'the tool', 20_000), job.lastWord]);
            await delay(randomInt(Math.ceil(fullMs * 0.5)));
            for (const pid of tools()) kill(pid);
            if ((await job.lastWord)?.kind === 'failed') killed += 1;
          }
          await until(() => toolsOf(name).length === 0, 'no tool to be left', 2000);
          await until(async () => (await others(name)) === 0, 'the server to end its session', 20_000);
          assert.ok(states.map(({ hash }) => hash).includes(server.hashOf(name)), 'neither the old nor the new rows');
        }
        await complete(restoreOf(database, old.file));
        assert.equal(server.hashOf(name), old.hash);
        assert.deepEqual(readdirSync(`${workspace.stateDirectory}/scratch`), []);
      });
    }
  }

  async function dumped(database: Database): Promise<string> {
    const result = await complete({ kind: 'backup', database, dumps: workspace.dumps, stateDirectory: workspace.stateDirectory });
    assert.ok(result.kind === 'backup');
    return result.file;
  }

  /** A safety dump, by a restore of an empty dump. */
  async function replaced(database: Database): Promise<string> {
    const empty = { ...database, keys: { ...database.keys, NAME: await server.createDatabase('CREATE TABLE none (a int)') } };
    const request = restoreOf(database, await dumped(empty));
    const result = await complete({ ...request, dumps: { ...workspace.dumps, safetyBackup: true } });
    assert.ok(result.kind === 'restore' && result.safetyFile !== undefined);
    return result.safetyFile;
  }

  function restoreOf(database: Database, dump: string): RequestOf<'restore'> {
    const { stateDirectory, dumps } = workspace;
    return { kind: 'restore', database, dump, dumps: { ...dumps, safetyBackup: false }, stateDirectory };
  }

  async function others(name: string): Promise<number> {
    const [row] = await server.query('postgres', 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1', [name]);
    return Number(row?.['n']);
  }
});

async function complete(request: JobRequest): Promise<JobResult> {
  const word = await startJob(jobProcess, request).lastWord;
  assert.ok(word?.kind === 'done', JSON.stringify(word));
  return word.result;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Process ids of the tools that work on a database. */
function toolsOf(name: string): number[] {
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      const program = readFileSync(`/proc/${id}/cmdline`, 'latin1').split('\0')[0] ?? '';
      const isTool = /\/(pg_dump|pg_restore|psql)$/.test(program);
      return isTool && readFileSync(`/proc/${id}/environ`, 'latin1').includes(`PGDATABASE=${name}\0`) ? [Number(id)] : [];
    } catch {
      return [];
    }
  });
}
