import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const answerSchema = z.object({ value: z.unknown().optional(), error: z.string().optional() });
const script = fileURLToPath(new URL('./sqlitePeerChild.ts', import.meta.url));

/** Another program that has a database open, for as long as a test needs it. End it with `stop`. */
export class SqlitePeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor(path: string) {
    this.#child = spawn(process.execPath, [script, path]);
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Runs statements without a result. */
  async exec(sql: string): Promise<void> {
    await this.#ask('exec', sql);
  }

  /** Rows as arrays of values. */
  async all(sql: string): Promise<unknown> {
    return this.#ask('all', sql);
  }

  /** Commits one row each so many milliseconds, until stopped; `commits` says how many so far. */
  async commitEvery(milliseconds: number): Promise<void> {
    await this.#ask('commitEvery', String(milliseconds));
  }

  async commits(): Promise<number> {
    return Number(await this.#ask('commits', ''));
  }

  async stopCommitting(): Promise<void> {
    await this.#ask('stop', '');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }

  async #ask(name: string, value: string): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify([name, value])}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('The other program has ended.');
    const answer = answerSchema.parse(JSON.parse(line.value));
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }
}
