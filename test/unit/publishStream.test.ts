import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { DumpFacts, DumpStream } from '../../src/core/connector.ts';
import type { Contents } from '../../src/core/contents.ts';
import { BackupError } from '../../src/core/errors.ts';
import { publish } from '../../src/dumps/publish.ts';
import { makeSite, removeSite, requestFor, snapshot, wrongDumps, type Site } from '../helpers/publishing.ts';

const contents: Contents = { tables: [{ name: 'a' }], objects: {} };
const facts: DumpFacts = { contents, serverVersion: '1', tools: [], warnings: ['careful'] };
const failure = new BackupError('tool.failed', 'It failed.', { hint: 'Try again.' });
const cut = new BackupError('dumps.truncated', 'It is cut.', { hint: 'Try again.' });
const hasCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

async function readAll(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('publishing a dump that is compressed while it is made', () => {
  let site: Site;
  beforeEach(async () => void (site = await makeSite()));
  afterEach(() => removeSite(site));

  const parts = [randomBytes(300_000), Buffer.alloc(2_000_000, 'row'), randomBytes(10)];
  const whole = Buffer.concat(parts);
  async function* bytesOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const publishStream = async (
    start: () => DumpStream,
    verify: (bytes: AsyncIterable<Uint8Array>) => Promise<Contents>,
    compression: 'gzip' | 'zstd' = 'zstd',
  ): Promise<Awaited<ReturnType<typeof publish>>> => {
    const write = (): Promise<DumpFacts> => Promise.reject(new Error('written to a file'));
    const request = await requestFor(site, '', { compression, write, stream: { start, verify } });
    return publish({ ...request, about: { ...request.about, verification: 'full' } });
  };

  it('stores, hashes and verifies the same bytes, with no plain file beside them', async () => {
    for (const [compression, unpack] of [
      ['gzip', gunzipSync],
      ['zstd', zstdDecompressSync],
    ] as const) {
      let verified: Buffer = Buffer.alloc(0);
      const start = (): DumpStream => ({ bytes: bytesOf(parts), facts: Promise.resolve(facts) });
      const { file, manifest } = await publishStream(
        start,
        async (bytes) => {
          verified = await readAll(bytes);
          const partials = (await readdir(site.directory)).filter((name) => name.includes('.partial'));
          assert.equal(partials.length, 2, 'the stored dump and the manifest');
          return contents;
        },
        compression,
      );
      assert.ok(verified.equals(whole) && unpack(await readFile(file)).equals(whole));
      assert.deepEqual([manifest.plainBytes, manifest.warnings], [whole.length, ['careful']]);
      assert.equal(
        manifest.sha256,
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      );
    }
    assert.deepEqual(await wrongDumps(site.directory), []);
  });

  it('leaves nothing of a dump that fails, is empty, is cut or holds something else; the tool’s own failure comes first', async () => {
    const good = (): DumpStream => ({ bytes: bytesOf(parts), facts: Promise.resolve(facts) });
    await publishStream(good, async (bytes) => (await readAll(bytes), contents));
    const before = await snapshot(site.directory);
    const verifies = async (bytes: AsyncIterable<Uint8Array>): Promise<Contents> => {
      if ((await readAll(bytes)).length < whole.length) throw cut;
      return contents;
    };
    let isClosed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield await Promise.resolve(randomBytes(1000));
      } finally {
        isClosed = true;
      }
    }
    const failing: readonly (readonly [() => DumpStream, typeof verifies, string])[] = [
      [() => ({ bytes: bytesOf(parts.slice(0, 1)), facts: Promise.reject(failure) }), verifies, 'tool.failed'],
      [() => ({ bytes: bytesOf(parts.slice(0, 1)), facts: Promise.resolve(facts) }), verifies, 'dumps.truncated'],
      [() => ({ bytes: bytesOf([]), facts: Promise.resolve(facts) }), verifies, 'dumps.empty'],
      [() => ({ bytes: endless(), facts: Promise.resolve(facts) }), () => Promise.reject(cut), 'dumps.truncated'],
      [good, async (bytes) => (await readAll(bytes), { tables: [], objects: {} }), 'dumps.damaged'],
    ];
    for (const [start, verify, code] of failing) {
      await assert.rejects(publishStream(start, verify), hasCode(code), code);
      assert.deepEqual(await snapshot(site.directory), before);
    }
    assert.ok(isClosed, 'the source was told to stop');
  });
});
