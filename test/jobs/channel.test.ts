import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { createShop } from '../../scripts/sample.ts';
import { jobOptions, runJob } from '../../src/channel/client.ts';
import type { RequestOf } from '../../src/core/job.ts';
import type { Run } from '../../src/core/run.ts';
import { isRunning, until } from '../helpers/processes.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';

const jobProcess = fileURLToPath(new URL('../../dist/jobProcess.js', import.meta.url));
const parentProcess = fileURLToPath(new URL('../helpers/jobParent.ts', import.meta.url));

describe('the channel to the job process', () => {
  let workspace: TestWorkspace;

  beforeEach(() => {
    workspace = makeWorkspace();
    createShop(workspace.path('shop.sqlite3'), { orders: 8000 });
  });
  afterEach(() => workspace.remove());

  const backup = (): RequestOf<'backup'> => {
    const { dumps, stateDirectory } = workspace;
    return { kind: 'backup', database: workspace.database(), dumps, stateDirectory };
  };
  const runOf = (overrides: Partial<Run>): Run => ({ ...recordingRun(), ...overrides });

  it('brings progress, log and the result across', async () => {
    const phases = new Set<string>();
    const run = recordingRun();
    const result = await runJob<'backup'>(jobProcess, backup(), { ...run, progress: ({ phase }) => void phases.add(phase) });
    assert.ok(existsSync(result.file));
    assert.ok(phases.has('dumping'));
    assert.ok(run.lines.some((line) => line.includes('SqliteBackupConnector')));
  });

  it('brings a failure across with its code', async () => {
    const request = { ...backup(), database: workspace.database({ file: workspace.path('missing.sqlite3') }) };
    await assert.rejects(runJob<'backup'>(jobProcess, request, recordingRun()), { code: 'sqlite.missing' });
    assert.ok(!existsSync(workspace.path('missing.sqlite3')));
  });

  it('brings the question across, and takes a broken answer for no', async () => {
    const { file } = await runJob<'backup'>(jobProcess, backup(), recordingRun());
    const request = { ...backup(), kind: 'restore' as const, dump: file };
    const run = runOf({ ask: () => Promise.reject(new Error('the window is gone')) });
    await assert.rejects(runJob<'restore'>(jobProcess, request, run), { code: 'restore.notConfirmed' });
  });

  it('rejects with the reason and leaves nothing when it is cancelled', async () => {
    const controller = new AbortController();
    const run = runOf({ signal: controller.signal, progress: () => controller.abort() });
    await assert.rejects(runJob<'backup'>(jobProcess, backup(), run), { name: 'AbortError' });
    await until(() => leftovers().length === 0, 'everything to be cleaned up');
  });

  it('kills a job that does not heed the cancellation, and with it all that it started', async () => {
    const deaf = workspace.path('deaf.cjs');
    writeFileSync(
      deaf,
      `const { spawn } = require('node:child_process');
       const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
       require('node:fs').writeFileSync(${JSON.stringify(workspace.path('pids'))}, process.pid + ' ' + child.pid);
       process.on('message', () => {}); process.send({ kind: 'log', level: 'info', text: 'ready' });`,
    );
    const controller = new AbortController();
    const run = runOf({ signal: controller.signal, log: () => controller.abort() });
    const from = performance.now();
    await assert.rejects(runJob<'backup'>(deaf, backup(), run), { name: 'AbortError' });
    assert.ok(performance.now() - from < 5000);
    const pids = readFileSync(workspace.path('pids'), 'utf8').split(' ').map(Number);
    await until(() => !pids.some(isRunning), 'the job and its child to be gone');
  });

  it('says that the job crashed when it dies without a last word', async () => {
    const crashing = workspace.path('crashing.cjs');
    writeFileSync(crashing, `process.on('message', () => process.kill(process.pid, 'SIGSEGV'))`);
    await assert.rejects(runJob<'backup'>(crashing, backup(), recordingRun()), { code: 'job.crashed' });
  });

  it('does not believe a message that it does not know', async () => {
    const odd = workspace.path('odd.cjs');
    writeFileSync(odd, `process.on('message', () => process.send({ kind: 'done', result: { kind: 'backup' } }))`);
    await assert.rejects(runJob<'backup'>(odd, backup(), recordingRun()), { code: 'job.protocol' });
  });

  it('lets the editor go before it, the thread of SQLite included', async () => {
    const { PRIORITY_BELOW_NORMAL } = constants.priority;
    const job = fork(jobProcess, ['SqliteBackupConnector'], jobOptions);
    const { pid = 0 } = job;
    try {
      await until(() => getPriority(pid) === PRIORITY_BELOW_NORMAL, 'a lower priority');
      if (process.platform !== 'linux') return;
      const workers = (): number[] =>
        readdirSync(`/proc/${pid}/task`)
          .map(Number)
          .filter((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, 'utf8').trim() === 'WorkerThread');
      await until(() => workers().length > 0, 'the thread of SQLite');
      assert.deepEqual(workers().map(getPriority), [PRIORITY_BELOW_NORMAL]);
    } finally {
      job.kill('SIGKILL');
    }
  });

  it('D2: cleans up and ends when the process that started it is killed', async () => {
    const parent = fork(parentProcess, [jobProcess, JSON.stringify(backup())], { silent: true });
    const pid = await new Promise<number>((resolve, reject) => {
      parent.on('message', (message) => resolve(Number(message)));
      parent.on('close', () => reject(new Error('the parent ended too early')));
    });
    assert.ok(isRunning(pid));
    parent.kill('SIGKILL');
    await until(() => !isRunning(pid), 'the job to end', 2000);
    assert.deepEqual(leftovers(), []);
  });

  function leftovers(): string[] {
    const places = [workspace.path('backups'), `${workspace.stateDirectory}/scratch`, `${workspace.stateDirectory}/locks`];
    return places.flatMap((place) => (existsSync(place) ? readdirSync(place) : [])).filter((name) => name !== '.gitignore');
  }
});
