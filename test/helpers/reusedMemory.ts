/** The bytes in chunks of a size, all in one memory, which is overwritten as soon as the next chunk is asked for. */
export async function* inReusedMemory(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(chunkBytes);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const part = bytes.subarray(at, at + chunkBytes);
    memory.set(part);
    yield memory.subarray(0, part.length);
    memory.fill(0xa5);
    await new Promise(setImmediate);
  }
}
