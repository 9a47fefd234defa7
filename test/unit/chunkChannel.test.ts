import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'mocha';
import { ChunkChannel } from '../../src/core/chunkChannel.ts';

describe('A channel of chunks', () => {
  const { signal } = new AbortController();

  it('gives every chunk on, and waits with the next one until it was used', async () => {
    const channel = new ChunkChannel();
    const memory = Buffer.alloc(1);
    const writing = (async (): Promise<void> => {
      for (let value = 0; value < 100; value += 1) {
        memory[0] = value;
        await channel.send(memory, signal);
      }
      channel.end();
    })();
    const seen: number[] = [];
    for await (const chunk of channel.until(signal)) {
      await new Promise(setImmediate);
      seen.push(...chunk);
    }
    await writing;
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, value) => value),
    );
  });

  it('holds on to nothing of what has passed', async () => {
    setFlagsFromString('--expose-gc');
    const heldBytes = async (chunks: number): Promise<number> => {
      const channel = new ChunkChannel();
      const memory = Buffer.alloc(1);
      const reading = (async (): Promise<void> => {
        for await (const chunk of channel.until(signal)) assert.equal(chunk.length, 1);
      })();
      for (let sent = 0; sent < chunks; sent += 1) await channel.send(memory, signal);
      runInNewContext('gc()');
      const { heapUsed } = process.memoryUsage();
      channel.end();
      await reading;
      return heapUsed;
    };
    const few = await heldBytes(1000);
    const many = await heldBytes(100_000);
    assert.ok(many - few < 4_000_000, `${many - few} bytes`);
  });

  it('stops the writer when the reader has left', async () => {
    const channel = new ChunkChannel();
    const writing = channel.send(Buffer.from('a'), signal);
    for await (const chunk of channel.until(signal)) if (chunk.length > 0) break;
    await assert.rejects(writing, /Nobody reads/);
    await assert.rejects(channel.send(Buffer.from('b'), signal), /Nobody reads/);
  });

  it('ends both sides with the reason of the signal', async () => {
    const stopped = new AbortController();
    const sending = new ChunkChannel().send(Buffer.from('a'), stopped.signal);
    const reading = new ChunkChannel().until(stopped.signal).next();
    stopped.abort(new Error('enough'));
    await assert.rejects(sending, /enough/);
    await assert.rejects(reading, /enough/);
  });
});
