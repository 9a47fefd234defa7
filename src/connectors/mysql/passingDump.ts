import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { DumpScanner } from './dumpScan.ts';
import type { DumpScan } from './findings.ts';

/** A dump on its way from the tool: it is read for what it holds, and said how much of it there is. `isRead` settles once nobody reads on. */
export class PassingDump {
  readonly isRead: Promise<void>;
  readonly #scanner = new DumpScanner('The dump', 'skipped');
  readonly #run: Run;
  #end = (): void => undefined;
  #lastMs = performance.now();
  #doneBytes = 0;

  constructor(run: Run) {
    this.#run = run;
    this.isRead = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Gives the bytes on as they come. */
  async *through(bytes: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        if (!(chunk instanceof Uint8Array)) throw new TypeError('A dump is read as bytes.');
        if (this.#doneBytes === 0) refuseCompressed(chunk);
        this.#lastMs = performance.now();
        this.#doneBytes += chunk.length;
        this.#run.progress({ phase: 'dumping', doneBytes: this.#doneBytes });
        this.#scanner.push(chunk);
        yield chunk;
      }
    } finally {
      this.#end();
    }
  }

  /** For how long nothing has come. Units: ms. */
  idleMs(): number {
    return performance.now() - this.#lastMs;
  }

  /** Errors: `dumps.truncated` for a dump without its end mark. */
  end(): DumpScan {
    return this.#scanner.end();
  }
}

function refuseCompressed(head: Uint8Array): void {
  const [first, second] = head;
  const isGzip = first === 0x1f && second === 0x8b;
  const isZstd = first === 0x28 && second === 0xb5;
  if (!isGzip && !isZstd) return;
  throw new BackupError('dump.refused', 'What comes out of DUMP_SUFFIX is compressed, so that the dump cannot be verified.', {
    hint: 'Leave the program out of DUMP_SUFFIX, and set dbbackup.compression.',
  });
}
