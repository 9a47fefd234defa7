import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'mocha';
import { ChunkReader } from '../../src/connectors/mongodb/chunkReader.ts';
import { rejectsWith } from '../connectors/contract.ts';

/** Gives bytes in chunks that all share one piece of memory, as a file is read. */
async function* chunksOf(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const length = bytes.copy(memory, 0, at, at + chunkBytes);
    yield memory.subarray(0, length);
    memory.fill(0);
    await Promise.resolve();
  }
}

describe('The reader of an archive’s bytes', () => {
  const bytes = randomBytes(3_000_000);

  for (const chunkBytes of [7, 4096, 262_144, 3_000_000]) {
    it(`gives the bytes of chunks of ${chunkBytes} in any length, longer ones than its memory too`, async () => {
      const whole = chunkBytes === 7 ? bytes.subarray(0, 20_000) : bytes;
      const reader = new ChunkReader(chunksOf(whole, chunkBytes));
      const lengths = [1, 5, 4000, 1_500_000, 3, 300_000].map((length) => Math.min(length, whole.length / 8));
      const parts: Buffer[] = [];
      for (const length of lengths) parts.push(Buffer.from(await reader.take(Math.floor(length))));
      while (!(await reader.isAtEnd())) parts.push(Buffer.from(await reader.take(reader.ready.length)));
      assert.ok(Buffer.concat(parts).equals(whole));
      assert.equal(reader.position, whole.length);
    });
  }

  it('tells of bytes that are missing', async () => {
    const reader = new ChunkReader(chunksOf(bytes.subarray(0, 10), 4));
    await rejectsWith(reader.need(11), 'dumps.truncated');
  });
});
