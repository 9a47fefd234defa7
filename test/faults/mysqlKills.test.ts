import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import type { JobRequest, JobResult } from '../../src/core/job.ts';
import { startJob } from '../helpers/jobProcess.ts';
import { mariadbServer, type MariadbServer } from '../helpers/mariadbServer.ts';
import { until } from '../helpers/processes.ts';
import { makeWorkspace, type TestWorkspace } from '../helpers/workspace.ts';

const jobProcess = fileURLToPath(new URL('../../dist/jobProcess.js', import.meta.url));
const kills = Number(process.env['DBBACKUP_RESTORE_KILLS'] ?? 20);

const sql = `CREATE TABLE a (id INT PRIMARY KEY, t TEXT); CREATE TABLE b (id INT PRIMARY KEY, a INT REFERENCES a (id), t TEXT);
  INSERT INTO a SELECT seq, MD5(seq) FROM seq_1_to_8000; INSERT INTO b SELECT seq, seq, MD5(seq) FROM seq_1_to_8000;
  CREATE TRIGGER counted BEFORE INSERT ON a FOR EACH ROW SET NEW.t = UPPER(NEW.t); CREATE VIEW joined AS SELECT a.id FROM a JOIN b USING (id);
  CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM a WHERE id < 0;`;
/** What the dump has and the live database has not is made by a restore, and must go when it is rolled back. */
const change = `DROP VIEW joined; DROP PROCEDURE p; DROP TABLE b; UPDATE a SET t = 'now'; CREATE TABLE later (id INT); CREATE FUNCTION f() RETURNS INT RETURN 1`;

describe('M6: restores of MySQL that are killed at any moment', () => {
  let server: MariadbServer;
  let workspace: TestWorkspace;
  before(async function () {
    server = await mariadbServer(this);
    workspace = makeWorkspace();
  });
  after(() => workspace.remove());

  for (const victim of ['tool', 'job'] as const) {
    it(`lead back to the old state in ${kills / 2} kills of the ${victim}`, async function () {
      this.timeout(60_000 + kills * 10_000);
      const name = await server.createDatabase();
      await server.script(sql, name);
      const database: Database = { ...server.resolved(name), folder: workspace.folder };
      const dump = await dumped(database);
      await server.script(change, name);
      const live = { file: await dumped(database), hash: await server.hashOf(name) };
      let killed = 0;
      while (killed < kills / 2) {
        const safetyBefore = safetyDumps();
        const job = startJob(jobProcess, restoreOf(database, dump));
        await Promise.race([until(() => toolsOf(name).length > 0, 'the tool', 20_000), job.lastWord]);
        await delay(randomInt(400));
        if (victim === 'tool') {
          for (const pid of toolsOf(name)) process.kill(pid, 'SIGKILL');
          const word = await job.lastWord;
          if (word?.kind === 'failed') {
            assert.equal(word.failure.code, 'restore.rolledBack', word.failure.sentence);
            killed += 1;
          }
        } else {
          job.kill();
          if ((await job.lastWord) === undefined) killed += 1;
          await until(() => toolsOf(name).length === 0, 'no tool to be left', 2000);
        }
        await until(async () => (await sessions(name)).length === 0, 'the server to end its sessions', 20_000);
        const made = safetyDumps().find((file) => !safetyBefore.includes(file));
        assert.ok(made !== undefined);
        // Undoing is what a person does after a job was killed, and after a restore that was not hit.
        if ((await server.hashOf(name)) !== live.hash) await complete(restoreOf(database, made));
        assert.equal(await server.hashOf(name), live.hash);
      }
      await complete(restoreOf(database, live.file));
      assert.deepEqual(readdirSync(join(workspace.stateDirectory, 'scratch')), []);
    });
  }

  const safetyDumps = (): string[] =>
    readdirSync(workspace.dumps.directory)
      .filter((file) => /^safety-.*(?<!\.json)$/.test(file))
      .map((file) => join(workspace.dumps.directory, file));

  const sessions = (name: string): Promise<unknown[]> =>
    server.query(`SELECT id FROM information_schema.processlist WHERE db = '${name}'`);

  async function dumped(database: Database): Promise<string> {
    const result = await complete({ kind: 'backup', database, dumps: workspace.dumps, stateDirectory: workspace.stateDirectory });
    assert.ok(result.kind === 'backup');
    return result.file;
  }

  function restoreOf(database: Database, dump: string): JobRequest {
    const { stateDirectory, dumps } = workspace;
    return { kind: 'restore', database, dump, dumps, stateDirectory };
  }
});

async function complete(request: JobRequest): Promise<JobResult> {
  const word = await startJob(jobProcess, request).lastWord;
  assert.ok(word?.kind === 'done', JSON.stringify(word));
  return word.result;
}

/** Process ids of the clients that restore into a database. */
function toolsOf(name: string): number[] {
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      const [program = '', ...words] = readFileSync(`/proc/${id}/cmdline`, 'latin1').split('\0');
      return /\/(mariadb|mysql)$/.test(program) && words.includes(`--database=${name}`) ? [Number(id)] : [];
    } catch {
      return [];
    }
  });
}
