import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { after, before, describe, it } from 'mocha';
import { createShop } from '../../scripts/sample.ts';
import type { Database as ResolvedDatabase } from '../../src/core/database.ts';
import type { DumpSettings, JobRequest, JobResult } from '../../src/core/job.ts';
import { listDumps } from '../../src/dumps/catalog.ts';
import { sqliteContent } from '../helpers/sqliteContent.ts';
import { startJob } from '../helpers/jobProcess.ts';

const jobProcess = fileURLToPath(new URL('../../dist/jobProcess.js', import.meta.url));
const backupKills = Number(process.env['DBBACKUP_BACKUP_KILLS'] ?? 50);
const restoreKills = Number(process.env['DBBACKUP_RESTORE_KILLS'] ?? 20);

/** Each is killed in its turn: what it dumps with, and how the dump is stored. */
const kinds = [
  { connector: 'SqliteBackupConnector', compression: 'none' },
  { connector: 'SqliteConnector', compression: 'none' },
  { connector: 'SqliteBackupConnector', compression: 'zstd' },
  { connector: 'SqliteCPConnector', compression: 'none' },
  { connector: 'SqliteConnector', compression: 'gzip' },
] as const;

describe('a job process killed at any moment', () => {
  let folder = '';
  const place = (...names: string[]): string => join(folder, ...names);
  const stateDirectory = (): string => place('state');

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-kills-'));
    createShop(place('shop.sqlite3'), { orders: 8000 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const dumps = (compression: DumpSettings['compression']): DumpSettings => ({
    folder,
    directory: place('backups'),
    filenameTemplate: '{databasename}-{servername}-{datetime}.{extension}',
    dateFormat: '%Y-%m-%d-%H%M%S',
    hostname: 'here',
    compression,
    verification: 'quick',
    cleanupKeep: 10,
    safetyBackup: true,
  });

  const database = (connector: string, file: string): ResolvedDatabase => ({
    alias: 'default',
    engine: 'sqlite',
    connector,
    keys: { NAME: file },
    folder,
    scope: 'folder',
    target: { kind: 'file', engine: 'sqlite', path: file },
    tools: {},
  });

  const backup = (kind: (typeof kinds)[number], file = place('shop.sqlite3')): JobRequest => ({
    kind: 'backup',
    database: database(kind.connector, file),
    dumps: dumps(kind.compression),
    stateDirectory: stateDirectory(),
  });

  it(`leaves every listed dump good and every older one untouched, in ${backupKills} kills of backups`, async function () {
    this.timeout(60_000 + backupKills * 2000);
    const slowest = new Map<string, number>();
    for (const kind of kinds) slowest.set(JSON.stringify(kind), await timed(() => complete(backup(kind))));
    let killed = 0;
    for (let attempt = 0; killed < backupKills; attempt += 1) {
      const kind = kinds[attempt % kinds.length] ?? kinds[0];
      const earlier = hashesIn(place('backups'));
      if (await killWithin(backup(kind), slowest.get(JSON.stringify(kind)) ?? 1000)) killed += 1;
      assertUntouched(place('backups'), earlier);
      await assertListedDumpsAreGood(dumps('none'), stateDirectory());
      keepNewest(place('backups'), 5);
    }
    await complete(backup(kinds[0]));
    assertNothingIsLeft();
  });

  for (const journalMode of ['DELETE', 'WAL'] as const) {
    it(`leaves old or new rows, in ${restoreKills / 2} kills of restores in ${journalMode} mode`, async function () {
      this.timeout(60_000 + restoreKills * 2000);
      const file = place(`${journalMode}.sqlite3`);
      const states = await twoStates(file, journalMode);
      const full = await timed(() => complete(restoreOf(states[0], file, kinds[0])));
      let killed = 0;
      for (let attempt = 0; killed < restoreKills / 2; attempt += 1) {
        const kind = kinds[attempt % 2] ?? kinds[0];
        const wanted = states[attempt % 2 === 0 ? 1 : 0];
        if (await killWithin(restoreOf(wanted, file, kind), full)) killed += 1;
        assert.ok(
          states.map((state) => state.hash).includes(contentOf(file)),
          'the database holds neither the old nor the new rows',
        );
        keepNewest(place('restores'), 12);
      }
      await complete(restoreOf(states[1], file, kinds[0]));
      assert.equal(contentOf(file), states[1].hash);
      assertNothingIsLeft();
    });
  }

  interface KnownState {
    readonly dump: string;
    readonly hash: string;
  }

  async function twoStates(file: string, journalMode: string): Promise<readonly [KnownState, KnownState]> {
    copyFileSync(place('shop.sqlite3'), file);
    change(file, `PRAGMA journal_mode=${journalMode}`);
    const first = await known(file);
    change(
      file,
      'DELETE FROM order_lines WHERE order_id % 3 = 0; UPDATE products SET price = 0.01; CREATE TABLE later (a); INSERT INTO later VALUES (1)',
    );
    return [first, await known(file)];
  }

  async function known(file: string): Promise<KnownState> {
    const result = await complete(backup(kinds[0], file));
    assert.ok(result.kind === 'backup');
    return { dump: result.file, hash: contentOf(file) };
  }

  function restoreOf(state: KnownState, file: string, kind: (typeof kinds)[number]): JobRequest {
    return {
      kind: 'restore',
      database: database(kind.connector, file),
      dump: state.dump,
      dumps: { ...dumps('none'), directory: place('restores') },
      stateDirectory: stateDirectory(),
    };
  }

  function assertNothingIsLeft(): void {
    for (const name of ['backups', 'restores']) {
      if (!existsSync(place(name))) continue;
      assert.deepEqual(
        readdirSync(place(name)).filter((file) => file.includes('.partial')),
        [],
      );
    }
    assert.deepEqual(readdirSync(place('state', 'scratch')), []);
  }
});

async function complete(request: JobRequest): Promise<JobResult> {
  const word = await startJob(jobProcess, request).lastWord;
  assert.ok(word?.kind === 'done', JSON.stringify(word));
  return word.result;
}

/** Answers true when the kill came before the job's last word. */
async function killWithin(request: JobRequest, fullMs: number): Promise<boolean> {
  const job = startJob(jobProcess, request);
  await Promise.race([delay(randomInt(Math.ceil(fullMs * 1.05))), job.lastWord]);
  job.kill();
  const word = await job.lastWord;
  assert.notEqual(word?.kind, 'failed', JSON.stringify(word));
  return word === undefined;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function change(file: string, sql: string): void {
  const open = new Database(file);
  open.exec(sql);
  open.close();
}

/** A killed restore is rolled back by whoever opens the database next: here. */
function contentOf(file: string): string {
  const open = new Database(file);
  try {
    assert.equal(open.pragma('integrity_check', { simple: true }), 'ok');
  } finally {
    open.close();
  }
  const { schema, rows } = sqliteContent(file);
  return JSON.stringify([schema, rows]);
}

function hashesIn(directory: string): Map<string, string> {
  const names = readdirSync(directory).filter((name) => !name.includes('.partial'));
  return new Map(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}

function assertUntouched(directory: string, earlier: ReadonlyMap<string, string>): void {
  const now = hashesIn(directory);
  for (const [name, hash] of earlier) assert.equal(now.get(name), hash, `${name} is not what it was`);
}

async function assertListedDumpsAreGood(place: DumpSettings, stateDirectory: string): Promise<void> {
  const entries = await listDumps({ ...place, stateDirectory });
  for (const entry of entries) {
    assert.ok(!entry.name.includes('.partial'));
    if (entry.state !== 'verified') continue;
    const bytes = readFileSync(entry.file);
    assert.equal(bytes.length, entry.manifest?.sizeBytes);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), entry.manifest?.sha256);
  }
}

/** Keeps the folder small enough to be hashed after each kill. */
function keepNewest(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  const names = readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .sort();
  for (const name of names.slice(0, Math.max(0, names.length - 2 * count))) rmSync(join(directory, name));
}
