/** Size of the blocks that go to a file. */
const fileBlockBytes = 1 << 20;
const sliceBytes = 1 << 16;
const quote = 0x27;
const digits = Buffer.from('0123456789ABCDEF');

/** Collects the text of a dump into blocks of `blockBytes`. `onBlock` must be done with a block before it returns. */
export class SqlWriter {
  private readonly block: Buffer;
  private readonly onBlock: (block: Uint8Array) => void;
  private used = 0;
  private written = 0;

  constructor(onBlock: (block: Uint8Array) => void, blockBytes = fileBlockBytes) {
    this.block = Buffer.allocUnsafe(blockBytes);
    this.onBlock = onBlock;
  }

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.written + this.used;
  }

  write(text: string | Buffer): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    for (let done = 0; done < bytes.length;) {
      const count = bytes.copy(this.block, this.used, done);
      this.used += count;
      done += count;
      if (this.used === this.block.length) this.flush();
    }
  }

  /** Writes bytes as hexadecimal digits. */
  writeHex(bytes: Uint8Array): void {
    this.writeSlices(bytes, (byte) => {
      this.put(digits[byte >> 4] ?? 0);
      this.put(digits[byte & 15] ?? 0);
    });
  }

  /** Writes the inside of a string literal: each quote twice. */
  writeQuoted(bytes: Uint8Array): void {
    this.writeSlices(bytes, (byte) => {
      this.put(byte);
      if (byte === quote) this.put(byte);
    });
  }

  /** Byte by byte into the block: as strings, a long value would leave twice its size as garbage. */
  private writeSlices(bytes: Uint8Array, write: (byte: number) => void): void {
    for (let from = 0; from < bytes.length; from += sliceBytes) {
      if (this.block.length - this.used < 2 * sliceBytes) this.flush();
      for (const byte of bytes.subarray(from, from + sliceBytes)) write(byte);
    }
  }

  private put(byte: number): void {
    this.block[this.used] = byte;
    this.used += 1;
  }

  /** Hands on what has not filled a block. */
  flush(): void {
    if (this.used === 0) return;
    const bytes = this.block.subarray(0, this.used);
    this.onBlock(bytes);
    this.written += this.used;
    this.used = 0;
  }
}
