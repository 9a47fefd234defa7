import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { connectorFor, formatById, formatOf } from '../../src/connectors/registry.ts';
import type { DumpFacts } from '../../src/core/connector.ts';
import type { Contents } from '../../src/core/contents.ts';
import type { Database } from '../../src/core/database.ts';
import { restoreFile } from '../helpers/restoreFile.ts';
import { BackupError } from '../../src/core/errors.ts';
import type { Run } from '../../src/core/run.ts';
import { follow } from '../../src/dumps/follow.ts';

/** What a connector brings to be held to the contract. `folder` is a fresh one for each test. */
export interface ContractSubject {
  /** Class name of the connector. */
  readonly connector: string;
  /** Makes a database that holds every kind of value and object its engine has. */
  sample(folder: string): Promise<Database>;
  /** Makes a database so large that a dump or restore can be cancelled in its middle. */
  large(folder: string): Promise<Database>;
  /** A database that does not exist yet. */
  absent(folder: string): Database;
  /** Makes a database that exists and holds nothing. */
  empty(folder: string): Promise<Database>;
  /** Changes the sample's rows as a bad migration would, and adds the table `later`. */
  spoil(database: Database): Promise<void>;
  /** One text for all that the database holds. */
  contentHash(database: Database): Promise<string>;
  /** Rows of a table of the sample, as another process that was connected all the time sees them. */
  watch(database: Database): Promise<{ hash(): Promise<string>; stop(): Promise<void> }>;
  /** What EXCLUDE does with a table of the sample: left out, its rows left out, or a warning. */
  readonly exclude: { readonly table: string; readonly effect: 'left out' | 'rows left out' | 'warning' };
}

/** The fixed part of a test: folders, a run that records, and short ways to dump and restore. */
export interface Bench {
  readonly folder: string;
  readonly scratch: string;
  readonly dumps: string;
  /** For programs of the test, outside the project. */
  readonly tools: string;
  readonly log: string[];
  run(controller?: AbortController, onProgress?: () => void): Run;
  dump(connector: string, database: Database, run?: Run): Promise<{ file: string; facts: DumpFacts }>;
  safetyDump(connector: string, database: Database): Promise<string>;
  restore(connector: string, database: Database, file: string, run?: Run): Promise<void>;
  /** Restores a safety dump as such, made of the same database unless another is named. */
  undo(connector: string, database: Database, file: string, of?: Database): Promise<void>;
  verify(file: string, level?: 'quick' | 'full'): Promise<Contents>;
}

export async function makeBench(): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), 'dbbackup-connector-'));
  const [folder, scratch, dumps, tools] = [
    join(root, 'project'),
    join(root, 'scratch'),
    join(root, 'dumps'),
    join(root, 'tools'),
  ];
  await Promise.all([folder, scratch, dumps, tools].map((path) => mkdir(path, { mode: 0o700 })));
  const log: string[] = [];
  let count = 0;
  const makeRun = (controller = new AbortController(), onProgress = (): void => undefined): Run => ({
    signal: controller.signal,
    progress: onProgress,
    log: (level, text) => void log.push(`${level}: ${text}`),
    ask: () => Promise.resolve(false),
  });
  const newFile = async (): Promise<string> => {
    const file = join(dumps, `.dump-${count++}.partial`);
    await writeFile(file, '', { mode: 0o600, flag: 'wx' });
    return file;
  };
  return {
    folder,
    scratch,
    dumps,
    tools,
    log,
    run: makeRun,
    async dump(connector, database, run = makeRun()) {
      const file = await newFile();
      const found = await connectorFor(connector);
      return { file, facts: await found.createDump(database, file, { purpose: 'manual', follow }, { scratch }, run) };
    },
    async safetyDump(connector, database) {
      const file = await newFile();
      const found = await connectorFor(connector);
      await found.createDump(database, file, { purpose: 'safety', follow }, { scratch }, makeRun());
      return file;
    },
    async restore(connector, database, file, run = makeRun()) {
      const copy = join(scratch, basename(file));
      await copyFile(file, copy);
      await restoreFile(await connectorFor(connector), { database, path: copy, workspace: { scratch }, run });
    },
    async undo(connector, database, file, of = database) {
      const copy = join(scratch, basename(file));
      await copyFile(file, copy);
      const found = await connectorFor(connector);
      await restoreFile(found, { database, path: copy, workspace: { scratch }, run: makeRun(), safetyOf: of });
    },
    async verify(file, level = 'full') {
      const format = await formatOf((await readFile(file)).subarray(0, 4096));
      if (format === undefined) throw new BackupError('dumps.unknownFormat', file, { hint: 'Choose another.' });
      return format.verify(file, level, { scratch }, makeRun());
    },
  };
}

export async function removeBench(bench: Bench): Promise<void> {
  await rm(join(bench.folder, '..'), { recursive: true, force: true });
}

/** Asserts that a promise rejects with the BackupError of this code. */
export async function rejectsWith(promise: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof BackupError, `not a BackupError: ${String(error)}`);
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    assert.ok(error.hint.length > 0, `${error.code} has no hint: ${error.message}`);
    return true;
  });
}

/** Asserts that a promise rejects with the BackupError of this code, and with these words in its sentence or its hint. */
export async function rejectsSaying(promise: Promise<unknown>, code: string, ...words: readonly string[]): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof BackupError, `not a BackupError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.ok(`${error.message} ${error.hint}`.includes(word), `${error.message} lacks ${word}`);
    return true;
  });
}

/** The promises that every connector keeps, on a real database. */
export function describeConnector(subject: ContractSubject): void {
  const { connector } = subject;

  describe(connector, () => {
    let bench: Bench;
    beforeEach(async () => void (bench = await makeBench()));
    afterEach(() => removeBench(bench));

    it('gives back exactly what was dumped, into a database that was changed since', async () => {
      const database = await subject.sample(bench.folder);
      const before = await subject.contentHash(database);
      const { file } = await bench.dump(connector, database);
      await subject.spoil(database);
      assert.notEqual(await subject.contentHash(database), before);
      await bench.restore(connector, database, file);
      const { unlistedTables } = await connectorFor(connector);
      const later = (await inspectTables(database)).includes('later');
      assert.equal(later, unlistedTables === 'kept');
      if (!later) assert.equal(await subject.contentHash(database), before);
    });

    it('gives back exactly what was dumped, into an empty database and into none', async () => {
      const database = await subject.sample(bench.folder);
      const before = await subject.contentHash(database);
      const { file } = await bench.dump(connector, database);
      for (const target of [await subject.empty(bench.folder), subject.absent(bench.folder)]) {
        await bench.restore(connector, target, file);
        assert.equal(await subject.contentHash(target), before);
      }
    });

    it('leads back to the very state before a restore with a safety dump, EXCLUDE or not', async () => {
      const database = await subject.sample(bench.folder);
      const { file } = await bench.dump(connector, database);
      await subject.spoil(database);
      const before = await subject.contentHash(database);
      const excluding = { ...database, keys: { ...database.keys, EXCLUDE: [subject.exclude.table] } };
      const safety = await bench.safetyDump(connector, excluding);
      const { format, safetyFormat } = await connectorFor(connector);
      assert.equal((await formatOf((await readFile(safety)).subarray(0, 4096)))?.id, safetyFormat ?? format);
      await bench.restore(connector, database, file);
      await bench.undo(connector, excluding, safety);
      assert.equal(await subject.contentHash(database), before);
    });

    it('does not change the database that it dumps', async () => {
      const database = await subject.sample(bench.folder);
      const before = await stateOf(database);
      await bench.dump(connector, database);
      assert.ok(before.equals(await stateOf(database)));
      assert.deepEqual(await readdir(bench.folder), fileOf(database) === '' ? [] : [basename(fileOf(database))]);
    });

    it('writes one private file and leaves nothing beside it nor in the scratch folder', async () => {
      const { file } = await bench.dump(connector, await subject.sample(bench.folder));
      await bench.verify(file);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.deepEqual(await readdir(bench.dumps), [basename(file)]);
      assert.deepEqual(await readdir(bench.scratch), []);
    });

    it('counts the same in the database, while dumping and in the dump', async () => {
      const database = await subject.sample(bench.folder);
      const { file, facts } = await bench.dump(connector, database);
      const inspection = await (await connectorFor(connector)).inspect(database, bench, bench.run());
      assert.ok(inspection.exists && inspection.contents.tables.length > 0);
      assert.deepEqual(facts.contents, inspection.contents);
      assert.deepEqual(await bench.verify(file, 'quick'), facts.contents);
      assert.match(facts.serverVersion, /\d/);
    });

    it('writes the format that it names, and reads it', async () => {
      const { file } = await bench.dump(connector, await subject.sample(bench.folder));
      const { format, reads } = await connectorFor(connector);
      const head = (await readFile(file)).subarray(0, 4096);
      assert.equal((await formatOf(head))?.id, format);
      assert.ok(reads.includes(format) && (await formatById(format)).sniff(head));
    });

    it('refuses an empty dump and leaves the target alone', async () => {
      const database = await subject.sample(bench.folder);
      const before = await subject.contentHash(database);
      const file = join(bench.dumps, 'empty');
      await writeFile(file, '');
      await rejectsWith(bench.restore(connector, database, file), 'dumps.empty');
      const { format } = await connectorFor(connector);
      await rejectsWith((await formatById(format)).verify(file, 'quick', bench, bench.run()), 'dumps.empty');
      assert.equal(await subject.contentHash(database), before);
    });

    it('refuses a dump that is cut anywhere, and leaves the target alone', async () => {
      const database = await subject.sample(bench.folder);
      const before = await subject.contentHash(database);
      const { file } = await bench.dump(connector, database);
      const { size } = await stat(file);
      for (const length of [1, 100, Math.floor(size / 3), Math.floor(size / 2), size - 4096, size - 1]) {
        const cut = join(bench.dumps, `cut-${length}`);
        await copyFile(file, cut);
        await truncate(cut, length);
        await rejectsWith(bench.verify(cut, 'quick'), 'dumps.truncated', 'dumps.damaged', 'dumps.unknownFormat');
        await rejectsWith(bench.restore(connector, database, cut), 'dumps.truncated', 'dumps.damaged', 'sqlite.statement');
        assert.equal(await subject.contentHash(database), before);
      }
    });

    it('stops in mid-dump when cancelled, and can dump again', async () => {
      const database = await subject.large(bench.folder);
      const before = await stateOf(database);
      const controller = new AbortController();
      const reason = new DOMException('cancelled', 'AbortError');
      const dumping = bench.dump(
        connector,
        database,
        bench.run(controller, () => controller.abort(reason)),
      );
      await assert.rejects(dumping, (error) => error === reason);
      assert.ok(before.equals(await stateOf(database)));
      await bench.verify((await bench.dump(connector, database)).file, 'quick');
      assert.deepEqual(await readdir(bench.scratch), []);
    });

    it('leaves the old rows when cancelled in mid-restore', async () => {
      const { file } = await bench.dump(connector, await subject.large(bench.folder));
      const database = await subject.sample(bench.folder);
      const before = await subject.contentHash(database);
      const controller = new AbortController();
      const reason = new DOMException('cancelled', 'AbortError');
      const restoring = bench.restore(
        connector,
        database,
        file,
        bench.run(controller, () => controller.abort(reason)),
      );
      await assert.rejects(restoring, (error) => error === reason);
      assert.equal(await subject.contentHash(database), before);
      const absent = subject.absent(bench.folder);
      const again = new AbortController();
      await assert.rejects(
        bench.restore(
          connector,
          absent,
          file,
          bench.run(again, () => again.abort(reason)),
        ),
      );
      assert.equal((await (await connectorFor(connector)).inspect(absent, bench, bench.run())).exists, false);
    });

    it('does nothing for a run that is cancelled already', async () => {
      const database = await subject.sample(bench.folder);
      const controller = new AbortController();
      controller.abort(new DOMException('cancelled', 'AbortError'));
      await assert.rejects(bench.dump(connector, database, bench.run(controller)), { name: 'AbortError' });
    });

    it('lets another process that was connected all the time see the restored rows', async () => {
      const database = await subject.sample(bench.folder);
      const { file } = await bench.dump(connector, database);
      const other = await subject.watch(database);
      try {
        const before = await other.hash();
        await subject.spoil(database);
        assert.notEqual(await other.hash(), before);
        await bench.restore(connector, database, file);
        assert.equal(await other.hash(), before);
      } finally {
        await other.stop();
      }
    });

    it(`${subject.exclude.effect === 'warning' ? 'D9: warns about' : 'obeys'} EXCLUDE`, async () => {
      const sample = await subject.sample(bench.folder);
      const { table, effect } = subject.exclude;
      const database = { ...sample, keys: { ...sample.keys, EXCLUDE: [table] } };
      const { file, facts } = await bench.dump(connector, database);
      const names = (await bench.verify(file)).tables.map(({ name }) => name);
      assert.equal(names.includes(table), effect !== 'left out');
      assert.equal(facts.warnings.length, effect === 'warning' ? 1 : 0);
    });

    /** Every byte of a file; of a server, all that it says of a database. */
    async function stateOf(database: Database): Promise<Buffer> {
      return fileOf(database) === '' ? Buffer.from(await subject.contentHash(database)) : readFile(fileOf(database));
    }

    async function inspectTables(database: Database): Promise<readonly string[]> {
      const { contents } = await (await connectorFor(connector)).inspect(database, bench, bench.run());
      return contents.tables.map(({ name }) => name);
    }
  });
}

/** The file of a database that is one. */
export function fileOf({ target }: Database): string {
  return target.kind === 'file' ? target.path : '';
}
