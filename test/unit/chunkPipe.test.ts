import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { describe, it } from 'mocha';
import { chunkPipe } from '../../src/connectors/chunkPipe.ts';

describe('A pipe of chunks', () => {
  it('gives the bytes on as they came, whatever their pieces and however slow the reader is', async () => {
    const whole = randomBytes(5_000_000);
    const sizes = [1, 4096, 65_536, 524_287, 524_288, 524_289, 1_500_000];
    for (const isSlow of [false, true]) {
      const { writable, bytes } = chunkPipe();
      const pieces = function* (): Generator<Buffer> {
        let at = 0;
        // Each piece has memory of its own, which the pipe gives back.
        for (let index = 0; at < whole.length; index += 1) {
          const size = sizes[index % sizes.length] ?? 1;
          yield Buffer.from(Uint8Array.from(whole.subarray(at, at + size)).buffer);
          at += size;
        }
      };
      const read: Buffer[] = [];
      const reading = (async (): Promise<void> => {
        for await (const chunk of bytes) {
          if (isSlow) await delay(60);
          read.push(Buffer.from(chunk));
        }
      })();
      await pipeline(Readable.from(pieces()), writable);
      await reading;
      assert.ok(Buffer.concat(read).equals(whole));
      assert.ok(read.length < 16, 'small pieces are gathered');
    }
  });

  it('does not keep a few bytes until there are more', async () => {
    const { writable, bytes } = chunkPipe();
    writable.write('first');
    const reader = bytes[Symbol.asyncIterator]();
    assert.equal(String((await reader.next()).value), 'first');
    writable.end('last');
    assert.equal(String((await reader.next()).value), 'last');
    assert.equal((await reader.next()).done, true);
  });

  it('gives on what comes without a pause, long before it fills a block', async () => {
    const { writable, bytes } = chunkPipe();
    const reader = bytes[Symbol.asyncIterator]();
    const first = reader.next();
    const read: unknown[] = [];
    void first.then(({ value }) => read.push(value));
    for (let written = 0; written < 100 && read.length === 0; written += 1) {
      writable.write('a');
      await delay(10);
    }
    assert.equal(read.length, 1);
    await reader.return?.();
  });

  it('ends the reader with the error of the writer, and the writer once nobody reads', async () => {
    const failed = chunkPipe();
    failed.fail(new Error('no tool'));
    await assert.rejects(async () => {
      for await (const chunk of failed.bytes) assert.fail(String(chunk.length));
    }, /no tool/);
    const left = chunkPipe();
    const writing = pipeline(Readable.from([Buffer.alloc(3_000_000), Buffer.alloc(3_000_000)]), left.writable);
    for await (const chunk of left.bytes) if (chunk.length > 0) break;
    await assert.rejects(writing, /Nobody reads/);
  });
});
