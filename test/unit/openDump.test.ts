import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError, isCancellation, type ErrorCode } from '../../src/core/errors.ts';
import { openDump, type OpenOptions } from '../../src/dumps/open.ts';
import { publish } from '../../src/dumps/publish.ts';
import { makeSite, quietRun, removeSite, requestFor, type Site } from '../helpers/publishing.ts';
import { mountSmallDisk } from '../helpers/smallDisk.ts';

const hasCode =
  (...codes: readonly ErrorCode[]) =>
  (error: unknown) =>
    error instanceof BackupError && codes.includes(error.code);
const zstdWithChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const compressions = ['none', 'gzip', 'zstd'] as const;

describe('openDump', () => {
  let site: Site;
  let options: OpenOptions;
  const bytes = Buffer.concat([randomBytes(40_000), Buffer.alloc(200_000, 'rows ')]);

  beforeEach(async () => {
    site = await makeSite();
    await mkdir(site.directory);
    options = { stateDirectory: site.stateDirectory, scratch: site.scratch, run: quietRun() };
  });
  afterEach(() => removeSite(site));

  const made = async (compression: (typeof compressions)[number]): Promise<string> =>
    (await publish(await requestFor(site, bytes, { compression }))).file;
  const foreign = async (name: string, content: Uint8Array | string): Promise<string> => {
    await writeFile(join(site.directory, name), content);
    return join(site.directory, name);
  };

  it('gives the plain bytes as a private file, with what is known of them', async () => {
    for (const compression of compressions) {
      const file = await made(compression);
      const dump = await openDump(file, options);
      assert.deepEqual(await readFile(dump.plain.path), bytes);
      assert.equal((await stat(dump.plain.path)).mode & 0o777, 0o600);
      assert.equal(dump.plain.sizeBytes, bytes.length);
      assert.deepEqual(Buffer.from(dump.head), bytes.subarray(0, 4096));
      assert.equal(
        dump.sha256,
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      );
      assert.deepEqual(
        [dump.compression, dump.origin, dump.manifest?.alias, dump.problem],
        [compression, 'here', 'default', undefined],
      );
      await dump.close();
    }
    assert.deepEqual(await readdir(site.scratch), []);
  });

  it('recognises compression by content, whatever the name says', async () => {
    for (const [name, content] of [
      ['a.sqlite3', gzipSync(bytes)],
      ['b.gz', zstdCompressSync(bytes)],
      ['c.zst', bytes],
    ] as const) {
      const dump = await openDump(await foreign(name, content), options);
      assert.deepEqual(await readFile(dump.plain.path), bytes);
      assert.equal(dump.sha256, createHash('sha256').update(content).digest('hex'));
      assert.deepEqual([dump.origin, dump.manifest], ['foreign', undefined]);
    }
  });

  it('leaves a dump alone that only looks compressed because its own format begins so', async () => {
    const packed = gzipSync('an archive that a connector packed itself');
    const { file } = await publish(await requestFor(site, packed));
    assert.deepEqual(await readFile((await openDump(file, options)).plain.path), packed);
  });

  it('looks at an uncompressed dump in place when it is only looked at', async () => {
    const file = await made('none');
    const dump = await openDump(file, { ...options, access: 'inPlace' });
    await dump.close();
    assert.equal(dump.plain.path, file);
    assert.deepEqual(await readFile(file), bytes);
    assert.deepEqual(await readdir(site.scratch), []);
  });

  it('unpacks files of several parts to their end', async () => {
    const first = randomBytes(2_500_000);
    const second = Buffer.alloc(100_000, 'second');
    const skippable = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
    const whole = Buffer.concat([first, second, first]);
    const parts = [
      Buffer.concat([
        zstdCompressSync(first),
        skippable,
        zstdCompressSync(second, zstdWithChecksum),
        zstdCompressSync(''),
        zstdCompressSync(first),
      ]),
      Buffer.concat([gzipSync(first), gzipSync(second), gzipSync(first)]),
    ];
    for (const content of parts) {
      const dump = await openDump(await foreign('parts', content), options);
      assert.ok((await readFile(dump.plain.path)).equals(whole));
      assert.equal(dump.sha256, createHash('sha256').update(content).digest('hex'));
    }
    await assert.rejects(
      openDump(await foreign('garbage', Buffer.concat([zstdCompressSync(first), Buffer.from('garbage')])), options),
      hasCode('dumps.damaged'),
    );
    await assert.rejects(
      openDump(await foreign('garbage', Buffer.concat([gzipSync(first), Buffer.from('garbage')])), options),
      hasCode('dumps.damaged'),
    );
    await assert.rejects(
      openDump(await foreign('cut', Buffer.concat([zstdCompressSync(first), zstdCompressSync(second).subarray(0, 9)])), options),
      hasCode('dumps.truncated'),
    );
  });

  it('S1, S11: finds a cut at any of 40 points, with a manifest and without, and leaves nothing in scratch', async () => {
    for (const compression of compressions) {
      const file = await made(compression);
      const whole = await readFile(file);
      const copy = `${file}.copy`;
      for (let point = 0; point < 40; point++) {
        const length = point < 10 ? point : whole.length - 1 - Math.floor((point - 10) ** 2 * (whole.length / 1000));
        await writeFile(file, whole.subarray(0, length));
        await assert.rejects(
          openDump(file, options),
          hasCode(length === 0 ? 'dumps.empty' : 'dumps.truncated'),
          `${compression} ${length}`,
        );
        if (compression === 'none' || length < 5) continue;
        await copyFile(file, copy);
        await assert.rejects(openDump(copy, options), hasCode('dumps.truncated'), `${compression} ${length} without a manifest`);
      }
    }
    assert.deepEqual(await readdir(site.scratch), []);
  }).timeout(30_000);

  it('finds 60 flipped bits, and without a manifest those that change the contents of a compressed dump', async () => {
    for (const compression of compressions) {
      const file = await made(compression);
      const whole = await readFile(file);
      for (let round = 0; round < 60; round++) {
        const flipped = Buffer.from(whole);
        const at = round < 12 ? round : Math.floor(Math.random() * whole.length);
        flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (round % 8)), at);
        await writeFile(file, flipped);
        await assert.rejects(openDump(file, options), hasCode('dumps.damaged', 'dumps.truncated'), `${compression} byte ${at}`);
        if (compression === 'none') continue;
        const opened = await openDump(await foreign('copy', flipped), options).catch((error: unknown) => error);
        const isSeen = hasCode('dumps.damaged', 'dumps.truncated', 'dumps.tooLarge')(opened);
        // A header may say another time or system, and a file whose magic changed is a plain one.
        if (!isSeen) assert.ok(at < 12, `${compression} byte ${at}`);
      }
    }
  }).timeout(30_000);

  it('says in one code what is no dump: nothing, a link, a folder, a pipe, a device, a file without permission', async function () {
    const at = (name: string): string => join(site.directory, name);
    await assert.rejects(openDump(at('nothing'), options), hasCode('dumps.missing'));
    await assert.rejects(openDump(join(await foreign('file', 'x'), 'below'), options), hasCode('dumps.missing'));
    await symlink('/etc/passwd', at('link'));
    await mkdir(at('folder.sqlite3'));
    execFileSync('mkfifo', [at('pipe')]);
    for (const name of ['link', 'folder.sqlite3', 'pipe'])
      await assert.rejects(openDump(at(name), options), hasCode('dumps.unreadable'), name);
    await assert.rejects(openDump('/dev/zero', options), hasCode('dumps.unreadable'));
    if (process.getuid?.() !== 0 || process.seteuid === undefined) return this.skip();
    await chmod(await foreign('secret', 'x'), 0o600);
    await chown(site.root, 65534, 65534);
    try {
      process.seteuid(65534);
      await assert.rejects(openDump(at('secret'), options), hasCode('dumps.unreadable'));
    } finally {
      process.seteuid(0);
    }
  });

  it('goes on without a manifest that is broken, and says so; one that lies about the bytes is believed even less', async () => {
    const file = await made('none');
    const text = await readFile(`${file}.json`, 'utf8');
    await writeFile(`${file}.json`, '{');
    const dump = await openDump(file, options);
    assert.deepEqual([dump.manifest, dump.origin, typeof dump.problem], [undefined, 'foreign', 'string']);
    await writeFile(`${file}.json`, text.replace(/"plainBytes": [0-9]+/, '"plainBytes": 1'));
    await assert.rejects(openDump(file, options), hasCode('dumps.damaged'));
    await writeFile(`${file}.json`, text.replace(/"sha256": "./, '"sha256": "'));
    assert.equal((await openDump(file, options)).manifest, undefined);
    await writeFile(`${file}.json`, text.replace('"alias": "default"', '"alias": "forged"'));
    assert.equal((await openDump(file, options)).origin, 'foreign');
    await appendFile(file, 'x');
    await assert.rejects(openDump(file, options), hasCode('dumps.damaged'));
  });

  it('stops unpacking a bomb, whatever its manifest promises, and unpacks a dump of zeros that was made here', async () => {
    const zeros = Buffer.alloc(20_000_000);
    const limits = { ratio: 100, floorBytes: 1_000_000 };
    for (const content of [gzipSync(zeros), zstdCompressSync(zeros)]) {
      await assert.rejects(openDump(await foreign('bomb', content), { ...options, limits }), hasCode('dumps.tooLarge'));
    }
    const { file } = await publish(await requestFor(site, zeros, { compression: 'zstd' }));
    const dump = await openDump(file, { ...options, limits });
    assert.equal(dump.plain.sizeBytes, zeros.length);
    await dump.close();
    const foreignState = { ...options, stateDirectory: join(site.root, 'elsewhere'), limits };
    await assert.rejects(openDump(file, foreignState), hasCode('dumps.tooLarge'));
    assert.deepEqual(await readdir(site.scratch), []);
  });

  it('says that there is no room for the private copy, before and while it is made', async function () {
    const disk = mountSmallDisk(20_000);
    if (disk === undefined) return this.skip();
    try {
      const small = { ...options, scratch: disk.path };
      const large = randomBytes(8_000_000);
      await assert.rejects(openDump(await foreign('plain', large), small), hasCode('disk.full'));
      await assert.rejects(openDump(await foreign('packed', gzipSync(large)), small), hasCode('disk.full'));
      const { file } = await publish(await requestFor(site, large, { compression: 'zstd' }));
      await assert.rejects(openDump(file, small), hasCode('disk.full'));
      assert.deepEqual(await readdir(disk.path), []);
    } finally {
      disk.unmount();
    }
  });

  it('stops when it is cancelled and leaves nothing', async () => {
    for (const compression of compressions) {
      const file = await made(compression);
      const controller = new AbortController();
      const run = { signal: controller.signal, progress: () => controller.abort() };
      await assert.rejects(openDump(file, { ...options, run }), isCancellation);
    }
    assert.deepEqual(await readdir(site.scratch), []);
  });

  it('writes what gzip(1) and zstd(1) read, of any length, and reads it itself', async function () {
    const hasProgram = spawnSync('zstd', ['--version']).error === undefined;
    const mib = 1_048_576;
    for (const length of [1, mib - 1, mib, mib + 1, 5 * mib + 3]) {
      const content = randomBytes(length);
      content.fill('row', 0, Math.floor(length / 2));
      for (const compression of ['gzip', 'zstd'] as const) {
        const { file } = await publish(await requestFor(site, content, { compression }));
        const dump = await openDump(file, options);
        assert.ok((await readFile(dump.plain.path)).equals(content));
        if (compression === 'zstd' && !hasProgram) continue;
        const plain = execFileSync(compression, ['-dc', file], { maxBuffer: 1e8 });
        assert.ok(plain.equals(content), `${compression} ${length}`);
      }
    }
    if (!hasProgram) this.skip();
  });

  it('reads what gzip(1) and zstd(1) write', async function () {
    const file = await foreign('rows', bytes);
    execFileSync('gzip', ['-k', file]);
    assert.deepEqual(await readFile((await openDump(`${file}.gz`, options)).plain.path), bytes);
    if (spawnSync('zstd', ['--version']).error !== undefined) return this.skip();
    execFileSync('zstd', ['-q', '-k', file]);
    assert.deepEqual(await readFile((await openDump(`${file}.zst`, options)).plain.path), bytes);
  });

  it('notices a dump that shrinks while it is read', async () => {
    const file = await foreign('rows', randomBytes(6_000_000));
    const shrink = { signal: options.run.signal, progress: () => void truncate(file, 2_000_000) };
    await assert.rejects(openDump(file, { ...options, run: shrink }), hasCode('dumps.damaged'));
  });
});
