/**
 * Gives the memory of a long value back at once; nothing may use the buffer behind it any more.
 *
 * Source: measured 2025-11: the garbage collector lets values pile up, a dump of 180 MB then needs 80 MiB instead of 24.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // Short ones share a pool, which cannot be given away.
  if (buffer instanceof ArrayBuffer && buffer.byteLength !== Buffer.poolSize) buffer.transfer(0);
}
