import type { Failure } from '../core/errors.ts';
import type { Progress, Run } from '../core/run.ts';

/**
 * The two ways in which the command line speaks: `--json`, one object per line on stdout and nothing else there, or sentences.
 *
 * Shape: every command prints its lines and then exactly one `{ ok }` line in JSON; progress and remarks go to stderr.
 */
export interface Output {
  line(fields: Readonly<Record<string, unknown>>, sentence: string): void;
  remark(sentence: string): void;
  done(): void;
  failed(failure: Failure, alias: string | undefined): void;
}

export function createOutput(json: boolean): Output {
  return json ? jsonOutput : textOutput;
}

const say = (stream: NodeJS.WriteStream, text: string): void => void stream.write(`${text}\n`);

const jsonOutput: Output = {
  line: (fields) => say(process.stdout, JSON.stringify(fields)),
  remark: (sentence) => say(process.stderr, sentence),
  done: () => say(process.stdout, JSON.stringify({ ok: true })),
  failed: ({ code, sentence, hint }, alias) =>
    say(process.stdout, JSON.stringify({ ok: false, code, message: sentence, hint, ...(alias === undefined ? {} : { alias }) })),
};

const textOutput: Output = {
  line: (_fields, sentence) => say(process.stdout, sentence),
  remark: (sentence) => say(process.stderr, sentence),
  done: () => undefined,
  failed: ({ code, sentence, hint }) => say(process.stderr, `${sentence} (${code})\n${hint}`),
};

/** The progress line of a terminal: overwritten in place, silent where stderr is no terminal. */
export function progressLine(alias: string): Pick<Run, 'progress'> & { clear(): void } {
  let shown = 0;
  let last = 0;
  return {
    progress(progress) {
      const now = performance.now();
      if (!process.stderr.isTTY || now - last < 100) return;
      last = now;
      const text = `${alias}: ${describeProgress(progress)}`;
      process.stderr.write(`\r${text.padEnd(shown)}`);
      shown = text.length;
    },
    clear() {
      if (shown > 0) process.stderr.write(`\r${' '.repeat(shown)}\r`);
      shown = 0;
    },
  };
}

function describeProgress({ phase, doneBytes, totalBytes, rows }: Progress): string {
  const percent = doneBytes !== undefined && totalBytes ? ` ${Math.floor((100 * doneBytes) / totalBytes)} %` : '';
  const bytes = doneBytes === undefined ? '' : ` ${Math.round(doneBytes / 1e6)} MB`;
  return `${phase}${percent}${bytes}${rows === undefined ? '' : ` ${rows} rows`}`;
}
