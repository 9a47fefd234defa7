import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, readFile, truncate } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { DumpFacts } from '../../src/core/connector.ts';
import type { Contents } from '../../src/core/contents.ts';
import { BackupError } from '../../src/core/errors.ts';
import { publish } from '../../src/dumps/publish.ts';
import type { PublishRequest } from '../../src/dumps/publishRequest.ts';
import { makeSite, removeSite, requestFor, snapshot, wrongDumps, type Site } from '../helpers/publishing.ts';

const contents: Contents = { tables: [{ name: 'a' }], objects: {} };
const facts: DumpFacts = { contents, serverVersion: '1', tools: [], warnings: [] };
const failure = new BackupError('tool.failed', 'It failed.', { hint: 'Try again.' });
const cut = new BackupError('dumps.truncated', 'It is cut.', { hint: 'Try again.' });
const hasCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

type Write = PublishRequest['write'];
type Follow = NonNullable<PublishRequest['follow']>;

describe('publishing a dump that is verified while it is written', () => {
  let site: Site;
  beforeEach(async () => void (site = await makeSite()));
  afterEach(() => removeSite(site));

  const parts = [randomBytes(10), Buffer.alloc(40_000_000, 'row'), randomBytes(300_000)];
  const whole = Buffer.concat(parts);
  const writes =
    (pieces: readonly Buffer[]): Write =>
    async (path) => {
      for (const piece of pieces) await appendFile(path, piece);
      return facts;
    };
  const readAll: Follow = async (bytes) => {
    let sizeBytes = 0;
    for await (const chunk of bytes) sizeBytes += chunk.length;
    if (sizeBytes < whole.length) throw cut;
    return contents;
  };
  const publishGrowing = async (write: Write, follow: Follow): ReturnType<typeof publish> => {
    const verify = (): Promise<Contents> => Promise.reject(new Error('verified afterwards'));
    return publish(await requestFor(site, '', { write, verify, follow }));
  };

  it('hashes and verifies the very bytes of the file, and does not wait for its end', async () => {
    let goOn = (): void => undefined;
    const isFollowed = new Promise<void>((resolve) => (goOn = resolve));
    const hash = createHash('sha256');
    const { file, manifest } = await publishGrowing(
      async (path) => {
        await writes(parts.slice(0, 1))(path);
        await isFollowed;
        return writes(parts.slice(1))(path);
      },
      async (bytes) => {
        for await (const chunk of bytes) {
          hash.update(chunk);
          goOn();
        }
        return contents;
      },
    );
    const sha256 = createHash('sha256').update(whole).digest('hex');
    assert.ok((await readFile(file)).equals(whole));
    assert.deepEqual(
      [manifest.sha256, hash.digest('hex'), manifest.sizeBytes, manifest.plainBytes],
      [sha256, sha256, whole.length, whole.length],
    );
    assert.deepEqual(await wrongDumps(site.directory), []);
  });

  it('leaves nothing of a dump that fails, is empty, is cut, shrinks or holds something else; the writer’s own failure comes first', async () => {
    await publishGrowing(writes(parts), readAll);
    const before = await snapshot(site.directory);
    const failing: readonly (readonly [Write, Follow, string])[] = [
      [async (path) => (await writes(parts.slice(0, 1))(path), Promise.reject(failure)), readAll, 'tool.failed'],
      [() => Promise.reject(failure), readAll, 'tool.failed'],
      [writes(parts.slice(0, 2)), readAll, 'dumps.truncated'],
      [writes([]), (bytes) => readAll(bytes).catch(() => contents), 'dumps.empty'],
      [writes(parts), async (bytes) => (await readAll(bytes), { tables: [], objects: {} }), 'dumps.damaged'],
      [writes(parts), () => Promise.reject(cut), 'dumps.truncated'],
    ];
    for (const [write, follow, code] of failing) {
      await assert.rejects(publishGrowing(write, follow), hasCode(code), code);
      assert.deepEqual(await snapshot(site.directory), before);
    }
    let path = '';
    const writing: Write = (of) => writes(parts)((path = of));
    const shrinking: Follow = async (bytes) => {
      const found = await readAll(bytes);
      await truncate(path, 5);
      return found;
    };
    await assert.rejects(publishGrowing(writing, shrinking), hasCode('dumps.damaged'));
    assert.deepEqual(await snapshot(site.directory), before);
  });

  it('stops when it is cancelled, once the writer has ended', async () => {
    const cancelled = new AbortController();
    const write: Write = async (path) => {
      await writes(parts)(path);
      cancelled.abort();
      throw cancelled.signal.reason;
    };
    const run = { signal: cancelled.signal, progress: () => undefined };
    await assert.rejects(publish(await requestFor(site, '', { write, follow: readAll, run })), { name: 'AbortError' });
    assert.deepEqual([...(await snapshot(site.directory)).keys()], ['.gitignore']);
  });
});
