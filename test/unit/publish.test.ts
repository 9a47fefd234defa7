import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError, isCancellation, type ErrorCode } from '../../src/core/errors.ts';
import { originKey, isSigned } from '../../src/dumps/origin.ts';
import { createPartial, placeWithoutLink } from '../../src/dumps/partials.ts';
import { publish } from '../../src/dumps/publish.ts';
import { thisProcess } from '../../src/system/owner.ts';
import {
  makeSite,
  partialsIn,
  quietRun,
  removeSite,
  requestFor,
  snapshot,
  wrongDumps,
  type Site,
} from '../helpers/publishing.ts';
import { mountSmallDisk } from '../helpers/smallDisk.ts';

const childScript = fileURLToPath(new URL('../helpers/publishChild.ts', import.meta.url));
const hasCode = (code: ErrorCode) => (error: unknown) => error instanceof BackupError && error.code === code;

describe('publish', () => {
  let site: Site;
  beforeEach(async () => (site = await makeSite()));
  afterEach(() => removeSite(site));

  it('leaves a dump for its user alone, with a signed manifest that tells its size, its content and its target', async () => {
    const { file, manifest } = await publish(await requestFor(site, 'the rows'));
    assert.equal(file, join(site.directory, 'default-here-2025-03-09-040506.sqlite3'));
    assert.equal(await readFile(file, 'utf8'), 'the rows');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(site.directory)).mode & 0o777, 0o700);
    assert.deepEqual((await readdir(site.directory)).toSorted(), [
      '.gitignore',
      'default-here-2025-03-09-040506.sqlite3',
      'default-here-2025-03-09-040506.sqlite3.json',
    ]);

    assert.deepEqual(JSON.parse(await readFile(`${file}.json`, 'utf8')), manifest);
    assert.equal(manifest.sha256, createHash('sha256').update('the rows').digest('hex'));
    assert.equal(manifest.sizeBytes, 8);
    assert.equal(manifest.createdUtc, '2025-03-09T04:05:06.000Z');
    assert.deepEqual(manifest.target, { kind: 'file', engine: 'sqlite', path: 'db.sqlite3' });
    assert.ok(isSigned(await originKey(site.stateDirectory), manifest, manifest.origin ?? ''));
    assert.equal((await stat(`${file}.json`)).mode & 0o777, 0o600);
  });

  it('D6: gives two dumps of one second distinct names, and an order that does not depend on the clock', async () => {
    const first = await publish(await requestFor(site, '1'));
    const second = await publish(await requestFor(site, '2'));
    const third = await publish(await requestFor(site, '3', { now: () => new Date('2001-01-01T00:00:00Z') }));
    assert.match(second.file, /040506-2\.sqlite3$/);
    assert.match(third.file, /040506-3\.sqlite3$/);
    assert.deepEqual(
      [first, second, third].map(({ manifest }) => manifest.sequence),
      [1, 2, 3],
    );
    assert.deepEqual(await wrongDumps(site.directory), []);
  });

  it('compresses with a whole-stream checksum and describes the stored file', async () => {
    const bytes = Buffer.alloc(3_000_000, 'some rows ');
    for (const [compression, unpack] of [
      ['gzip', gunzipSync],
      ['zstd', zstdDecompressSync],
    ] as const) {
      const request = await requestFor(site, bytes, { compression });
      const run = quietRun();
      const { file, manifest } = await publish({ ...request, run, about: { ...request.about, verification: 'full' } });
      const stored = await readFile(file);
      assert.deepEqual(unpack(stored), bytes);
      assert.equal(manifest.sha256, createHash('sha256').update(stored).digest('hex'));
      assert.deepEqual([manifest.sizeBytes, manifest.plainBytes], [stored.length, bytes.length]);
      assert.deepEqual(run.reports.at(-1), { phase: 'compressing', doneBytes: bytes.length, totalBytes: bytes.length });
    }
    assert.deepEqual(await partialsIn(site.directory), []);
    assert.deepEqual((await readdir(site.directory)).filter((name) => !name.endsWith('.json')).toSorted(), [
      '.gitignore',
      'default-here-2025-03-09-040506.sqlite3.gz',
      'default-here-2025-03-09-040506.sqlite3.zst',
    ]);
  });

  it('overwrites nothing: not a file, a link, a folder or a manifest that has the wanted name', async () => {
    await mkdir(site.directory);
    const at = (attempt: number, ending = ''): string =>
      join(site.directory, `default-here-2025-03-09-040506${attempt === 1 ? '' : `-${attempt}`}.sqlite3${ending}`);
    await writeFile(at(1), 'mine');
    await symlink(join(site.root, 'nowhere'), at(2));
    await mkdir(at(3));
    await writeFile(at(4, '.json'), 'mine too');
    await symlink(join(site.root, 'nowhere'), at(5, '.json'));
    const { file } = await publish(await requestFor(site, 'rows'));
    assert.equal(file, at(6));
    assert.equal(await readFile(at(1), 'utf8'), 'mine');
    assert.equal(await readFile(at(4, '.json'), 'utf8'), 'mine too');
    assert.deepEqual((await readdir(site.root)).toSorted(), ['scratch', 'state', 'ws']);
  });

  it('makes .gitignore once, and not where it would hide the workspace itself', async () => {
    await publish(await requestFor(site, '1'));
    assert.equal(await readFile(join(site.directory, '.gitignore'), 'utf8'), '*\n');
    await writeFile(join(site.directory, '.gitignore'), '');
    await publish(await requestFor(site, '2'));
    assert.equal(await readFile(join(site.directory, '.gitignore'), 'utf8'), '');
    await publish(await requestFor(site, '3', { directory: site.folder }));
    assert.ok(!(await readdir(site.folder)).includes('.gitignore'));
  });

  it('D2: leaves nothing of a dump that fails, and every earlier dump as it was', async () => {
    await publish(await requestFor(site, 'good'));
    const before = await snapshot(site.directory);
    const twoTables = { tables: [{ name: 'a', rows: 1 }, { name: 'b' }], objects: {} };
    const failing = [
      [{ write: () => Promise.reject(new BackupError('sqlite.corrupt', 'Broken.', { hint: '' })) }, 'sqlite.corrupt'],
      [{ verify: () => Promise.reject(new BackupError('dumps.damaged', 'Broken.', { hint: '' })) }, 'dumps.damaged'],
      [{ verify: () => Promise.resolve(twoTables) }, 'dumps.damaged'],
      [{ verify: () => Promise.resolve({ tables: [{ name: 'z', rows: 1 }], objects: {} }) }, 'dumps.damaged'],
      [{ verify: () => Promise.resolve({ tables: [{ name: 'a', rows: 2 }], objects: {} }) }, 'dumps.damaged'],
    ] as const;
    for (const [change, code] of failing) {
      for (const compression of ['none', 'zstd'] as const) {
        await assert.rejects(publish(await requestFor(site, 'rows', { ...change, compression })), hasCode(code));
      }
    }
    await assert.rejects(publish(await requestFor(site, '')), hasCode('dumps.empty'));
    assert.deepEqual(await snapshot(site.directory), before);
  });

  it('removes what a tool leaves beside the partial file', async () => {
    const request = await requestFor(site, 'rows');
    await publish({
      ...request,
      write: async (path) => {
        await writeFile(`${path}-journal`, 'left over');
        return request.write(path);
      },
    });
    assert.deepEqual(await partialsIn(site.directory), []);
  });

  it('stops when it is cancelled, wherever it is, and leaves nothing', async () => {
    await publish(await requestFor(site, 'good'));
    const before = await snapshot(site.directory);
    for (const when of ['write', 'verify', 'lock'] as const) {
      const controller = new AbortController();
      const request = await requestFor(site, Buffer.alloc(5_000_000, 'rows'), {
        compression: 'gzip',
        run: { signal: controller.signal, progress: () => undefined },
      });
      const cancelling = publish({
        ...request,
        write: async (path) => {
          if (when === 'write') controller.abort();
          return request.write(path);
        },
        verify: async () => {
          if (when === 'verify') controller.abort();
          return Promise.resolve({ tables: [{ name: 'a' }], objects: {} });
        },
        withDirectoryLock: (directory, body) => {
          if (when === 'lock') controller.abort();
          return request.withDirectoryLock(directory, body);
        },
      });
      await assert.rejects(cancelling, isCancellation);
      assert.deepEqual(await snapshot(site.directory), before, when);
    }
  });

  it('refuses a dump directory that is a file, or that a link leads out of the workspace, and creates nothing there', async () => {
    await writeFile(site.directory, 'a file');
    await assert.rejects(publish(await requestFor(site, 'rows')), hasCode('dumps.unreadable'));
    await assert.rejects(
      publish(await requestFor(site, 'rows', { directory: join(site.directory, 'sub') })),
      hasCode('dumps.unreadable'),
    );
    await rm(site.directory);
    await mkdir(join(site.root, 'outside'));
    await symlink(join(site.root, 'outside'), site.directory);
    await assert.rejects(publish(await requestFor(site, 'rows')), hasCode('dumps.outsideWorkspace'));
    await assert.rejects(
      publish(await requestFor(site, 'rows', { directory: join(site.directory, 'sub') })),
      hasCode('dumps.outsideWorkspace'),
    );
    assert.deepEqual(await readdir(join(site.root, 'outside')), []);
  });

  it('does not let a foreign manifest use the numbers up', async () => {
    await publish(await requestFor(site, '1'));
    const manifest = await readFile(join(site.directory, 'default-here-2025-03-09-040506.sqlite3.json'), 'utf8');
    const foreign = manifest
      .replace('"sequence": 1', `"sequence": ${Number.MAX_SAFE_INTEGER}`)
      .replace('040506.sqlite3"', '050000.sqlite3"');
    await writeFile(join(site.directory, 'default-here-2025-03-09-050000.sqlite3'), 'x');
    await writeFile(join(site.directory, 'default-here-2025-03-09-050000.sqlite3.json'), foreign);
    assert.equal((await publish(await requestFor(site, '2'))).manifest.sequence, 2);
  });

  it('keeps the manifest short enough to be read, whatever a server says', async () => {
    const tables = Array.from({ length: 30_000 }, (_, index) => ({ name: `table ${index} ${'x'.repeat(40)}`, rows: 1 }));
    const warnings = Array.from({ length: 1000 }, () => 'w'.repeat(5000));
    const facts = { contents: { tables, objects: {} }, serverVersion: 'v'.repeat(1000), tools: [], warnings };
    const write = async (path: string): Promise<typeof facts> => {
      await writeFile(path, 'rows');
      return facts;
    };
    const { file, manifest } = await publish(
      await requestFor(site, '', { write, verify: () => Promise.resolve(facts.contents) }),
    );
    assert.ok((await stat(`${file}.json`)).size < 1_048_576);
    assert.deepEqual(manifest.contents, { tables: [], objects: { table: 30_000 } });
  });

  it('places a file without links too, and overwrites nothing then', async () => {
    await mkdir(site.directory);
    const partial = await createPartial(site.directory, 'x', await thisProcess());
    await writeFile(partial, 'rows');
    await writeFile(join(site.directory, 'taken'), 'mine');
    assert.equal(await placeWithoutLink(partial, join(site.directory, 'taken')), false);
    assert.equal(await placeWithoutLink(partial, join(site.directory, 'free')), true);
    assert.deepEqual(await snapshot(site.directory).then((files) => [...files.keys()]), ['free', 'taken']);
    assert.equal(await readFile(join(site.directory, 'taken'), 'utf8'), 'mine');
    await assert.rejects(placeWithoutLink(partial, join(site.directory, 'never')));
    assert.deepEqual((await readdir(site.directory)).toSorted(), ['free', 'taken']);
  });
});

describe('publish beside other processes', () => {
  let site: Site;
  beforeEach(async () => (site = await makeSite()));
  afterEach(() => removeSite(site));

  it('sweeps what dead processes left, and leaves alone what living and unknown ones write', async function () {
    if (process.platform !== 'linux') return this.skip();
    await mkdir(site.directory);
    const { id } = await thisProcess();
    const name = (owner: string, ending = ''): string => `.default.${owner}.0123456789abcdef.partial${ending}`;
    const dead = [
      name(id.replace(/-[0-9]+$/, '-1')),
      name(id.replace(/-[0-9]+$/, '-1'), '-journal'),
      name('aaaaaaaa-bbbbbbbb-1-1'),
    ];
    const kept = [name(id), name('aaaaaaaa-bbbbbbbb-2-2'), '.somebody.partial', '.default.partial.txt'];
    for (const file of [...dead, ...kept]) await writeFile(join(site.directory, file), 'x');
    const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000);
    await utimes(join(site.directory, name('aaaaaaaa-bbbbbbbb-1-1')), eightDaysAgo, eightDaysAgo);
    await publish(await requestFor(site, 'rows'));
    assert.deepEqual((await readdir(site.directory)).filter((file) => file.includes('partial')).toSorted(), kept.toSorted());
  });

  it('gives each of many at once, in three processes, a name and a number of its own', async () => {
    const children = ['none', 'gzip', 'none'].map((compression) =>
      spawn(process.execPath, [childScript, site.root, compression, '8'], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const exits = await Promise.all(children.map((child) => once(child, 'exit')));
    assert.deepEqual(exits, [
      [0, null],
      [0, null],
      [0, null],
    ]);
    const manifests = (await readdir(site.directory)).filter((name) => name.endsWith('.json'));
    const sequences = await Promise.all(
      manifests.map(async (name) => /"sequence": ([0-9]+)/.exec(await readFile(join(site.directory, name), 'utf8'))?.[1]),
    );
    assert.deepEqual(
      sequences.map(Number).toSorted((a, b) => a - b),
      Array.from({ length: 24 }, (_, index) => index + 1),
    );
    assert.deepEqual(await wrongDumps(site.directory), []);
    assert.deepEqual(await partialsIn(site.directory), []);
  }).timeout(60_000);

  it('D1: killed at any moment, it lists no bad dump, harms no earlier one and blocks no later one', async () => {
    await publish(await requestFor(site, 'the first'));
    let before = new Map<string, string>();
    for (let round = 0; round < 20; round++) {
      const child = spawn(process.execPath, [childScript, site.root, round % 2 === 0 ? 'none' : 'gzip', '1000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await delay(Math.random() * 150);
      child.kill('SIGKILL');
      await once(child, 'close');
      const after = await snapshot(site.directory);
      for (const [name, hash] of before) assert.equal(after.get(name), hash, `${name} changed in round ${round}`);
      assert.deepEqual(await wrongDumps(site.directory), []);
      before = new Map([...after].filter(([name]) => !name.startsWith('.')));
    }
    assert.ok(before.size > 4, 'some dumps were finished');
    await publish(await requestFor(site, 'rows'));
    assert.deepEqual(await partialsIn(site.directory), []);
    assert.deepEqual(await wrongDumps(site.directory), []);
  }).timeout(120_000);
});

describe('publish on a bad disk', () => {
  it('says that the disk is full before any work, and while writing, compressing and naming; earlier dumps stay', async function () {
    const disk = mountSmallDisk(1024);
    if (disk === undefined) return this.skip();
    const site = await makeSite();
    const onDisk = { ...site, folder: disk.path, directory: join(disk.path, 'backups') };
    try {
      await publish(await requestFor(onDisk, 'good'));
      const before = await snapshot(onDisk.directory);
      const megabyte = Buffer.alloc(1_048_576, 'rows');
      await assert.rejects(publish(await requestFor(onDisk, megabyte)), hasCode('disk.full'));
      const incompressible = Buffer.alloc(600_000).map(() => Math.floor(Math.random() * 256));
      await assert.rejects(publish(await requestFor(onDisk, incompressible, { compression: 'gzip' })), hasCode('disk.full'));
      assert.deepEqual(await snapshot(onDisk.directory), before);

      await writeFile(join(disk.path, 'filler'), Buffer.alloc(990_000));
      let isCalled = false;
      const request = await requestFor(onDisk, 'rows');
      const write: typeof request.write = (path) => {
        isCalled = true;
        return request.write(path);
      };
      await writeFile(join(disk.path, 'filler2'), Buffer.alloc(1_048_576)).catch(() => undefined);
      await assert.rejects(publish({ ...request, write }), hasCode('disk.full'));
      assert.equal(isCalled, false);
      assert.deepEqual(await snapshot(onDisk.directory), before);
    } finally {
      disk.unmount();
      await removeSite(site);
    }
  });

  it('says before any work that the disk is read-only', async function () {
    const disk = mountSmallDisk(1024);
    if (disk === undefined) return this.skip();
    const site = await makeSite();
    const onDisk = { ...site, folder: disk.path, directory: join(disk.path, 'backups') };
    try {
      disk.makeReadOnly();
      const write = (): never => assert.fail('the database was asked');
      await assert.rejects(publish(await requestFor(onDisk, '', { write })), hasCode('disk.readOnly'));
    } finally {
      disk.unmount();
      await removeSite(site);
    }
  });

  it('says before any work that there is no permission', async function () {
    if (process.getuid?.() !== 0 || process.seteuid === undefined) return this.skip();
    const site = await makeSite();
    await mkdir(site.directory);
    try {
      process.seteuid(65534);
      await assert.rejects(publish(await requestFor(site, 'rows')), hasCode('disk.noPermission'));
    } finally {
      process.seteuid(0);
      await removeSite(site);
    }
  });
});
