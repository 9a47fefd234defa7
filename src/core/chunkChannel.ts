/** Made once: one that is made within another function would hold on to what that knows, and so on back to the first chunk. */
const nobody = (): void => undefined;

/** Hands chunks from one task to another, one at a time: a slow reader slows the writer down, and one that leaves stops it. */
export class ChunkChannel {
  #chunk: Uint8Array | undefined;
  #isEnded = false;
  #isLeft = false;
  #wake = nobody;

  /** Done when the reader has asked for the next chunk. Errors: the signal's reason; an Error where nobody reads any more. */
  async send(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#chunk = chunk;
    this.#wake();
    while (!this.#isTaken()) {
      if (this.#isLeft) throw new Error('Nobody reads any more.');
      await this.#change(signal);
    }
  }

  #isTaken(): boolean {
    return this.#chunk === undefined;
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** The chunks, until `end`. Errors: the signal's reason. */
  async *until(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunk;
        if (chunk !== undefined) {
          yield chunk;
          this.#chunk = undefined;
          this.#wake();
        } else if (this.#isEnded) {
          return;
        } else {
          await this.#change(signal);
        }
      }
    } finally {
      this.#isLeft = true;
      this.#wake();
    }
  }

  /** Waits for the other side. Both may wait at the same moment: each wakes whoever waited before. */
  async #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let stop = (): void => undefined;
    const other = this.#wake;
    try {
      await new Promise<void>((resolve, reject) => {
        stop = (): void => reject(signal.reason);
        signal.addEventListener('abort', stop, { once: true });
        this.#wake = () => {
          other();
          this.#wake = nobody;
          resolve();
        };
      });
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
