import { release } from '../../core/memory.ts';
import { truncatedDump } from '../dumpProblems.ts';

const leastMemoryBytes = 1_048_576;

/** Reads bytes that come in chunks, through memory of its own. Errors: `dumps.truncated` where some are missing. */
export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #memory = Buffer.allocUnsafe(leastMemoryBytes);
  #at = 0;
  #end = 0;
  #doneBefore = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#doneBefore + this.#at;
  }

  /** What is there without waiting, valid until more is waited for; `take` what was used of it. */
  get ready(): Buffer {
    return this.#memory.subarray(this.#at, this.#end);
  }

  async isAtEnd(): Promise<boolean> {
    return this.#at >= this.#end && !(await this.#fill(1));
  }

  /** Waits until `ready` has so many bytes. */
  async need(length: number): Promise<void> {
    if (length > this.#end - this.#at && !(await this.#fill(length))) throw truncatedDump();
  }

  async take(length: number): Promise<Buffer> {
    await this.need(length);
    this.#at += length;
    return this.#memory.subarray(this.#at - length, this.#at);
  }

  /** Lets the source clean up, when not all of it was read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Adds chunks until so many bytes are ready; false at the end of the source. */
  async #fill(length: number): Promise<boolean> {
    while (this.#end - this.#at < length) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      const restBytes = this.#end - this.#at;
      this.#makeRoom(Math.max(length, restBytes) + next.value.length);
      this.#memory.set(next.value, restBytes);
      this.#end = restBytes + next.value.length;
    }
    return true;
  }

  /** Moves what is ready to the beginning, of larger memory where so many bytes would not fit. */
  #makeRoom(length: number): void {
    const memory = length > this.#memory.length ? Buffer.allocUnsafe(length) : this.#memory;
    this.#memory.copy(memory, 0, this.#at, this.#end);
    if (memory !== this.#memory) release(this.#memory);
    this.#memory = memory;
    this.#doneBefore += this.#at;
    this.#at = 0;
  }
}
