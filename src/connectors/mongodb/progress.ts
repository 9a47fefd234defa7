import type { Contents } from '../../core/contents.ts';
import type { Progress, Run } from '../../core/run.ts';

/** How far a tool is, by the lines in which it says that it is done with a collection. */
export function documentProgress(phase: Progress['phase'], contents: Contents | undefined, run: Run): (line: string) => void {
  const total = contents?.tables.reduce((sum, { rows = 0 }) => sum + rows, 0);
  let rows = 0;
  return (line) => {
    const done = /(?:done dumping .*|finished restoring .*)\((\d+) documents?/.exec(line)?.[1];
    if (done === undefined) return;
    rows = Math.min(rows + Number(done), total ?? Number.MAX_SAFE_INTEGER);
    run.progress({ phase, rows });
  };
}
