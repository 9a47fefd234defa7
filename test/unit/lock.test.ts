import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError, isCancellation } from '../../src/core/errors.ts';
import { withLock, type LockRequest } from '../../src/system/lock.ts';
import { isGone, thisProcess } from '../../src/system/owner.ts';

const childScript = fileURLToPath(new URL('../helpers/lockChild.ts', import.meta.url));

describe('withLock', () => {
  let stateDirectory: string;
  let request: LockRequest;

  beforeEach(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), 'lock-'));
    request = {
      stateDirectory,
      key: 'sqlite:/work/db.sqlite3',
      label: 'db.sqlite3',
      purpose: 'the restore of default',
      waitMs: 0,
      signal: new AbortController().signal,
    };
  });

  afterEach(() => rm(stateDirectory, { recursive: true }));

  const lockFiles = (): Promise<readonly string[]> => readdir(join(stateDirectory, 'locks'));

  async function childHolding(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [childScript, stateDirectory, '', 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return child;
  }

  it('refuses a second holder in the same process, naming the first, and lets it in afterwards', async () => {
    await withLock(request, async () => {
      await assert.rejects(
        withLock({ ...request, purpose: 'the backup of default' }, () => Promise.resolve()),
        (error) =>
          error instanceof BackupError &&
          error.code === 'job.busy' &&
          error.message.includes('db.sqlite3 is in use by the restore of default') &&
          error.message.includes(String(process.pid)),
      );
    });
    assert.equal(await withLock(request, () => Promise.resolve('in')), 'in');
    assert.deepEqual(await lockFiles(), []);
  });

  it('lets different keys be held at once', async () => {
    const other = { ...request, key: 'sqlite:/work/other.sqlite3' };
    assert.equal(await withLock(request, () => withLock(other, () => Promise.resolve('both'))), 'both');
  });

  it('is released when the work fails', async () => {
    await assert.rejects(
      withLock(request, () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    assert.deepEqual(await lockFiles(), []);
  });

  it('waits as long as it may, and until it is cancelled', async () => {
    const order: string[] = [];
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const { promise: entered, resolve: enter } = Promise.withResolvers<undefined>();
    const first = withLock(request, () => {
      enter(undefined);
      return held;
    });
    await entered;
    const second = withLock({ ...request, waitMs: 10_000 }, () => Promise.resolve(order.push('second')));
    const controller = new AbortController();
    const third = withLock({ ...request, waitMs: 10_000, signal: controller.signal }, () => Promise.resolve(order.push('third')));
    controller.abort();
    await assert.rejects(third, isCancellation);
    order.push('first');
    release(undefined);
    await Promise.all([first, second]);
    assert.deepEqual(order, ['first', 'second']);
  });

  it('lets exactly one of many in when they come at the same moment', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    const outcomes = Array.from({ length: 8 }, () =>
      withLock(request, () => held).then(
        () => 'in',
        (error: unknown) => (error instanceof BackupError ? error.code : error),
      ),
    );
    const refused = await Promise.race([Promise.all(outcomes), sevenOf(outcomes)]);
    release(undefined);
    assert.deepEqual(
      refused,
      Array.from({ length: 7 }, () => 'job.busy'),
    );
    assert.equal((await Promise.all(outcomes)).filter((outcome) => outcome === 'in').length, 1);
  });

  it('is held against other processes, and taken over from a killed one', async () => {
    const child = await childHolding();
    await assert.rejects(
      withLock(request, () => Promise.resolve()),
      (error) => error instanceof BackupError && error.message.includes(`process ${child.pid ?? 0}`),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal((await lockFiles()).length, 1);
    assert.equal(await withLock(request, () => Promise.resolve('taken over')), 'taken over');
    assert.deepEqual(await lockFiles(), []);
  });

  it('excludes each other in four processes, while others are killed holding it', async () => {
    const file = join(stateDirectory, 'count');
    await writeFile(file, '0');
    const adders = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [childScript, stateDirectory, file, '25'], { stdio: 'inherit' }),
    );
    const killed = (async () => {
      for (let i = 0; i < 3; i++) {
        const child = await childHolding();
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    })();
    const exits = await Promise.all(adders.map((child) => once(child, 'exit')));
    await killed;
    assert.deepEqual(exits.flat(), [0, null, 0, null, 0, null, 0, null]);
    assert.equal(await readFile(file, 'utf8'), '100');
  }).timeout(60_000);

  it('does not believe a dead lock of another machine for ever', async () => {
    const owner = `deadbeef-${(await thisProcess()).id.split('-').slice(1).join('-')}`;
    const directory = join(stateDirectory, 'locks');
    await mkdir(directory);
    await withLock(request, async () => {
      const [own = ''] = await lockFiles();
      await writeFile(join(directory, own.replace((await thisProcess()).id, owner)), '{}');
    });
    await assert.rejects(
      withLock(request, () => Promise.resolve()),
      (error) => error instanceof BackupError && error.code === 'job.busy',
    );
    const [foreign = ''] = await lockFiles();
    const sixMinutesAgo = new Date(Date.now() - 360_000);
    await utimes(join(directory, foreign), sixMinutesAgo, sixMinutesAgo);
    assert.equal(await withLock(request, () => Promise.resolve('in')), 'in');
  });
});

/** The outcomes that are there when seven of them are. */
function sevenOf(outcomes: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    const settled: unknown[] = [];
    for (const outcome of outcomes) {
      void outcome.then((value) => {
        settled.push(value);
        if (settled.length === 7) resolve([...settled]);
      });
    }
  });
}

describe('isGone', () => {
  it('knows that this process lives, and that its number with another start time is a process that is gone', async () => {
    const { id } = await thisProcess();
    assert.equal(await isGone(id, Number.MAX_SAFE_INTEGER, 1000), false);
    if (process.platform !== 'linux') return;
    assert.equal(await isGone(id.replace(/-[0-9]+$/, '-1'), 0, 1000), true);
  });

  it('takes a killed process whose parent has not asked for it yet as gone, and one of an earlier start of the machine', async function () {
    if (process.platform !== 'linux') return this.skip();
    const child = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const zombie = String(await once(child.stdout, 'data')).trim();
    const { id } = await thisProcess();
    const [machine = '', boot = ''] = id.split('-');
    const deadline = Date.now() + 5000;
    while (!(await readFile(`/proc/${zombie}/stat`, 'utf8')).includes(') Z')) assert.ok(Date.now() < deadline);
    const start = (await readFile(`/proc/${zombie}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19] ?? '';
    assert.equal(await isGone(`${machine}-${boot}-${zombie}-${start}`, 0, 1000), true);
    child.kill('SIGKILL');
    assert.equal(await isGone(id.replace(boot, '00000000'), 0, 1000), true);
  });

  it('asks for patience where it cannot see', async () => {
    assert.equal(await isGone('deadbeef-deadbeef-1-1', 999, 1000), false);
    assert.equal(await isGone('deadbeef-deadbeef-1-1', 1001, 1000), true);
    assert.equal(await isGone('nonsense', 0, 1000), false);
  });
});
