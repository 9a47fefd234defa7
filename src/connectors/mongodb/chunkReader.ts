import { truncatedDump } from '../dumpProblems.ts';

/** Reads bytes that come in chunks. Errors: `dumps.truncated` where some are missing. */
export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #doneBefore = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#doneBefore + this.#at;
  }

  /** What is there without waiting; `take` what was used of it. */
  get ready(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  async isAtEnd(): Promise<boolean> {
    return this.#at >= this.#buffer.length && !(await this.#fill(1));
  }

  /** Waits until `ready` has so many bytes. */
  async need(length: number): Promise<void> {
    const missing = length - (this.#buffer.length - this.#at);
    if (missing > 0 && !(await this.#fill(missing))) throw truncatedDump();
  }

  async take(length: number): Promise<Buffer> {
    await this.need(length);
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  /** Lets the source clean up, when not all of it was read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Adds chunks of at least so many bytes; false at the end of the source. A chunk may only count until the next one is asked for. */
  async #fill(missing: number): Promise<boolean> {
    const parts: Buffer[] = this.ready.length === 0 ? [] : [Buffer.from(this.ready)];
    let added = 0;
    while (added < missing) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      added += next.value.length;
      const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
      parts.push(added < missing ? Buffer.from(chunk) : chunk);
    }
    this.#doneBefore += this.#at;
    this.#at = 0;
    const [only, ...others] = parts;
    this.#buffer = only !== undefined && others.length === 0 ? only : Buffer.concat(parts);
    return added >= missing;
  }
}
