import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { ChunkChannel } from '../core/chunkChannel.ts';
import { release } from '../core/memory.ts';

/** What a tool writes into `writable` and somebody else reads from `bytes`. */
export interface ChunkPipe {
  readonly writable: Writable;
  /** A chunk is valid until the next one is asked for. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Ends `bytes` with this error. */
  fail(error: unknown): void;
}

/** Units: bytes. */
const blockBytes = 524_288;
/** How long bytes may wait for a full block. Units: ms. */
const patienceMs = 50;

/**
 * Takes a program's output to one reader; whoever writes waits for it.
 *
 * How: programs write 4 KiB at a time, and each would wake the reader. They are gathered in two blocks that take turns, and their memory is given
 * back at once: the garbage collector would let hundreds of them pile up.
 */
export function chunkPipe(): ChunkPipe {
  const channel = new ChunkChannel();
  const failed = new AbortController();
  let filling = Buffer.allocUnsafeSlow(blockBytes);
  let reading = Buffer.allocUnsafeSlow(blockBytes);
  let filledBytes = 0;
  let sending = Promise.resolve();
  let turns = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const send = (): Promise<void> => (turns = turns.then(sendNow));
  const sendNow = async (): Promise<void> => {
    await sending;
    // Whoever had the turn before may have sent it.
    if (filledBytes === 0) return;
    const full = filling.subarray(0, filledBytes);
    [filling, reading] = [reading, filling];
    filledBytes = 0;
    sending = channel.send(full, failed.signal);
    sending.catch(() => undefined);
  };
  const gather = async (chunk: Buffer): Promise<void> => {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + blockBytes - filledBytes);
      filling.set(part, filledBytes);
      filledBytes += part.length;
      at += part.length;
      if (filledBytes === blockBytes) await send();
    }
    release(chunk);
    if (filledBytes > 0) timer ??= setTimeout(sendInTime, patienceMs);
  };
  const sendInTime = (): void => {
    timer = undefined;
    send().catch(() => undefined);
  };
  const end = async (): Promise<void> => {
    clearTimeout(timer);
    await send();
    await sending;
    channel.end();
  };
  const writable = new Writable({
    highWaterMark: blockBytes,
    write: (chunk: Buffer, _encoding, done) => callbackify(gather)(chunk, done),
    final: callbackify(end),
  });
  return { writable, bytes: channel.until(failed.signal), fail: (error) => failed.abort(error) };
}
