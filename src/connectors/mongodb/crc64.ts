/**
 * A CRC-64 (ECMA polynomial, reflected) that bytes are added to as they come.
 *
 * Shape: numbers are 64 bits wide and kept as two signed halves, since a bigint for each byte is a hundred times slower.
 * Source: ECMA-182; hash/crc64 of Go, with which mongodump computes it.
 */
export class Crc64 {
  #low = -1;
  #high = -1;

  /** The lower 32 bits of the sum so far, signed. */
  get low(): number {
    return ~this.#low;
  }

  /** The upper 32 bits, signed. */
  get high(): number {
    return ~this.#high;
  }

  add(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    const whole = bytes.length - (bytes.length % 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < whole; at += 8) {
      const a = low ^ view.getInt32(at, true);
      const b = high ^ view.getInt32(at + 4, true);
      const [i, j, k, l] = [1792 + (a & 255), 1536 + ((a >>> 8) & 255), 1280 + ((a >>> 16) & 255), 1024 + (a >>> 24)];
      const [m, n, o, p] = [768 + (b & 255), 512 + ((b >>> 8) & 255), 256 + ((b >>> 16) & 255), b >>> 24];
      low =
        at32(lows, i) ^
        at32(lows, j) ^
        at32(lows, k) ^
        at32(lows, l) ^
        at32(lows, m) ^
        at32(lows, n) ^
        at32(lows, o) ^
        at32(lows, p);
      high =
        at32(highs, i) ^
        at32(highs, j) ^
        at32(highs, k) ^
        at32(highs, l) ^
        at32(highs, m) ^
        at32(highs, n) ^
        at32(highs, o) ^
        at32(highs, p);
    }
    for (let at = whole; at < bytes.length; at += 1) {
      const index = (low ^ (bytes[at] ?? 0)) & 255;
      low = (low >>> 8) ^ (high << 24) ^ at32(lows, index);
      high = (high >>> 8) ^ at32(highs, index);
    }
    this.#low = low;
    this.#high = high;
  }
}

/** Eight tables of 256 one after the other: the n-th is for a byte with n bytes behind it. */
const lows = new Int32Array(2048);
const highs = new Int32Array(2048);

function at32(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

/** The polynomial 0xC96C5795D7870F42 in two halves. */
const [polynomialLow, polynomialHigh] = [0xd7870f42 | 0, 0xc96c5795 | 0];

for (let byte = 0; byte < 256; byte += 1) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = (low & 1) !== 0;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) {
      low ^= polynomialLow;
      high ^= polynomialHigh;
    }
  }
  lows[byte] = low;
  highs[byte] = high;
}
for (let index = 256; index < 2048; index += 1) {
  const [low, high] = [at32(lows, index - 256), at32(highs, index - 256)];
  lows[index] = (low >>> 8) ^ (high << 24) ^ at32(lows, low & 255);
  highs[index] = (high >>> 8) ^ at32(highs, low & 255);
}
