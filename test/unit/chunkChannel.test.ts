import assert from 'node:assert/strict';
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
