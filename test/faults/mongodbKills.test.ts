import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { after, before, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import { manifestSchema } from '../../src/core/dumpManifest.ts';
import type { JobRequest, JobResult } from '../../src/core/job.ts';
import { startJob } from '../helpers/jobProcess.ts';
import { describeWithTools, mongodbServer, type MongodbServer } from '../helpers/mongodbServer.ts';
import { until } from '../helpers/processes.ts';
import { makeWorkspace, type TestWorkspace } from '../helpers/workspace.ts';

const jobProcess = fileURLToPath(new URL('../../dist/jobProcess.js', import.meta.url));
/** In all: 100 of `npm run faults`, 10 of every test run. */
const kills = Number(process.env['DBBACKUP_RESTORE_KILLS'] ?? 20) / 2;

const variants = [
  { connector: 'MongoDumpConnector', victim: 'tool' },
  { connector: 'MongoDumpConnector', victim: 'job' },
  { connector: 'MongoDriverConnector', victim: 'job' },
] as const;

describeWithTools('restores of MongoDB that are killed at any moment', () => {
  let server: MongodbServer;
  let workspace: TestWorkspace;
  before(async function () {
    server = await mongodbServer(this);
    workspace = makeWorkspace();
  });
  after(async () => {
    workspace.remove();
    await server.rest();
  });

  for (const { connector, victim } of variants) {
    const wanted = Math.ceil(kills / variants.length);
    it(`are rolled back to the state before, after ${wanted} kills of the ${victim} with ${connector}`, async function () {
      this.timeout(120_000 + kills * 20_000);
      const db = server.fresh();
      const fill = (name: string, text: string): Promise<unknown> =>
        db.collection(name).insertMany(Array.from({ length: 500 }, (_, i) => ({ i, text: `${text} ${i}` })));
      for (const name of ['a', 'b', 'made by the restore']) await fill(name, 'dumped');
      await db.collection('a').createIndex({ i: 1 }, { unique: true }, {});
      const database: Database = { ...server.resolved(connector, db.databaseName), folder: workspace.folder };
      const { dumps, stateDirectory } = workspace;
      const made = await complete({ kind: 'backup', database, dumps, stateDirectory });
      assert.ok(made.kind === 'backup');
      await db.dropCollection('made by the restore');
      await db.dropCollection('b');
      await fill('b', 'live');
      const before = await server.hashOf(db.databaseName);
      const restore = (dump: string): JobRequest => ({ kind: 'restore', database, dump, dumps, stateDirectory });
      const from = performance.now();
      await complete(restore(made.file));
      const fullMs = performance.now() - from;
      await complete(restore(newestSafetyDump() ?? ''));
      assert.equal(await server.hashOf(db.databaseName), before);

      for (let killed = 0; killed < wanted;) {
        removeSafetyDumps();
        const job = startJob(jobProcess, restore(made.file));
        if (victim === 'job') {
          await Promise.race([delay(randomInt(Math.ceil(fullMs))), job.lastWord]);
          job.kill();
          if ((await job.lastWord) === undefined) killed += 1;
        } else {
          await Promise.race([until(() => restoring(db.databaseName).length > 0, 'the tool', 30_000), job.lastWord]);
          await delay(randomInt(Math.ceil(fullMs / 4)));
          for (const pid of restoring(db.databaseName)) process.kill(pid, 'SIGKILL');
          const word = await job.lastWord;
          if (word?.kind === 'failed') {
            killed += 1;
            assert.equal(word.failure.code, 'restore.rolledBack');
            assert.equal(await server.hashOf(db.databaseName), before);
          }
        }
        await until(() => restoring(db.databaseName).length === 0, 'no tool to be left', 5000);
        const safety = newestSafetyDump();
        if (safety !== undefined) await complete(restore(safety));
        assert.equal(await server.hashOf(db.databaseName), before);
      }
      // The next job sweeps what the killed ones have left.
      await complete(restore(made.file));
      assert.deepEqual(readdirSync(join(stateDirectory, 'scratch')), []);
      await db.dropDatabase();
    });
  }

  function safetyDumps(): readonly { readonly path: string; readonly sequence: number }[] {
    const { directory } = workspace.dumps;
    return readdirSync(directory)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => ({ name, manifest: manifestSchema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8'))) }))
      .filter(({ manifest }) => manifest.kind === 'safety')
      .map(({ manifest: { file, sequence } }) => ({ path: join(directory, file), sequence }))
      .toSorted((a, b) => b.sequence - a.sequence);
  }

  function newestSafetyDump(): string | undefined {
    return safetyDumps()[0]?.path;
  }

  function removeSafetyDumps(): void {
    for (const { path } of safetyDumps()) for (const file of [path, `${path}.json`]) rmSync(file, { force: true });
  }
});

async function complete(request: JobRequest): Promise<JobResult> {
  const word = await startJob(jobProcess, request).lastWord;
  assert.ok(word?.kind === 'done', JSON.stringify(word));
  return word.result;
}

/** Process ids of mongorestore where it works on a database. */
function restoring(name: string): number[] {
  return readdirSync('/proc').flatMap((id) => {
    if (!/^\d+$/.test(id)) return [];
    try {
      const words = readFileSync(`/proc/${id}/cmdline`, 'utf8');
      return /mongorestore\0/.test(words) && words.includes(`--nsInclude=${name}.*`) ? [Number(id)] : [];
    } catch {
      return [];
    }
  });
}
