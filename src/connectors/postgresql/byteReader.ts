import { damagedDump, truncatedDump } from '../dumpProblems.ts';

/** Reads numbers and texts from chunks as they come. Errors: `dumps.truncated` where bytes are missing. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #doneBefore = 0;
  intBytes = 4;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#chunks = bytes[Symbol.asyncIterator]();
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#doneBefore + this.#at;
  }

  async isAtEnd(): Promise<boolean> {
    return this.#at >= this.#buffer.length && !(await this.#fill());
  }

  async take(length: number): Promise<Buffer> {
    while (this.#buffer.length - this.#at < length) if (!(await this.#fill())) throw truncatedDump();
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  async skip(length: number): Promise<void> {
    let left = length;
    while (left > this.#buffer.length - this.#at) {
      left -= this.#buffer.length - this.#at;
      this.#at = this.#buffer.length;
      if (!(await this.#fill())) throw truncatedDump();
    }
    this.#at += left;
  }

  async byte(): Promise<number> {
    return (await this.take(1))[0] ?? 0;
  }

  /** A sign byte, then the number, lowest byte first. */
  async int(): Promise<number> {
    return signed(await this.take(1 + this.intBytes));
  }

  /** As `int`, without waiting where the bytes are there already: a dump has one for each row. */
  intNow(): number | undefined {
    const end = this.#at + 1 + this.intBytes;
    if (end > this.#buffer.length) return undefined;
    const value = signed(this.#buffer.subarray(this.#at, end));
    this.#at = end;
    return value;
  }

  async string(longest: number): Promise<string | undefined> {
    const length = await this.int();
    if (length < 0) return undefined;
    if (length > longest) throw damagedDump('a text in its list is too long');
    return (await this.take(length)).toString('utf8');
  }

  /** Lets the source clean up, when not all of it was read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #fill(): Promise<boolean> {
    // Whoever gave the chunk may use its memory again for the next one.
    const rest = Buffer.from(this.#buffer.subarray(this.#at));
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#doneBefore += this.#at;
    this.#at = 0;
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    return true;
  }
}

function signed(bytes: Buffer): number {
  let value = 0;
  for (let index = bytes.length - 1; index > 0; index -= 1) value = value * 256 + (bytes[index] ?? 0);
  return bytes[0] === 0 ? value : -value;
}
