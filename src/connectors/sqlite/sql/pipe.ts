/** Size of the longest piece. */
export const pieceBytes = 1 << 18;
const slotCount = 4;
/** Places of the numbers before the slots: how many pieces were put and taken, then size and kind of each slot's piece. */
const place = { put: 0, taken: 1, sizes: 2, kinds: 2 + slotCount } as const;
const headBytes = 64;
const kinds = ['text', 'end', 'failure'] as const;

/** `text` is a part of what the other thread writes; `end` and `failure` close it and say how it went. */
export type PieceKind = (typeof kinds)[number];

/** Pieces of up to 256 KiB that pass in order from one thread to another one that waits for them without its event loop. */
export class Pipe {
  readonly memory: SharedArrayBuffer;
  private readonly numbers: Int32Array<SharedArrayBuffer>;

  constructor(memory = new SharedArrayBuffer(headBytes + slotCount * pieceBytes)) {
    this.memory = memory;
    this.numbers = new Int32Array(memory, 0, headBytes / 4);
  }

  /** Waits for a free slot: whoever puts is never more than four pieces, 1 MiB, ahead. */
  put(kind: PieceKind, bytes: Uint8Array): void {
    const { numbers } = this;
    const count = Atomics.load(numbers, place.put);
    for (;;) {
      const taken = Atomics.load(numbers, place.taken);
      if (count - taken < slotCount) break;
      Atomics.wait(numbers, place.taken, taken);
    }
    const slot = count % slotCount;
    new Uint8Array(this.memory, headBytes + slot * pieceBytes, pieceBytes).set(bytes);
    numbers[place.sizes + slot] = bytes.length;
    numbers[place.kinds + slot] = kinds.indexOf(kind);
    Atomics.store(numbers, place.put, count + 1);
    Atomics.notify(numbers, place.put);
  }

  /** Waits for a piece, but not for long. False when there is none yet. */
  isFilledWithin(milliseconds: number): boolean {
    const taken = Atomics.load(this.numbers, place.taken);
    return this.isFilled || Atomics.wait(this.numbers, place.put, taken, milliseconds) !== 'timed-out';
  }

  get isFilled(): boolean {
    return Atomics.load(this.numbers, place.put) !== Atomics.load(this.numbers, place.taken);
  }

  /** Lets `use` have the piece that is there; its bytes are overwritten afterwards. */
  take<T>(use: (kind: PieceKind, bytes: Buffer) => T): T {
    const { numbers } = this;
    const count = Atomics.load(numbers, place.taken);
    const slot = count % slotCount;
    const bytes = Buffer.from(this.memory, headBytes + slot * pieceBytes, numbers[place.sizes + slot]);
    try {
      return use(kinds[numbers[place.kinds + slot] ?? 0] ?? 'failure', bytes);
    } finally {
      Atomics.store(numbers, place.taken, count + 1);
      Atomics.notify(numbers, place.taken);
    }
  }
}
