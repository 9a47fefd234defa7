import type { Progress, Run } from '../../core/run.ts';

/**
 * How far a tool is, by the lines that it says: it names a table when it begins with its rows.
 *
 * Shape: `began` captures `schema.table`, by which `sizes` goes. Units: bytes.
 */
export function tableProgress(
  {
    phase,
    began,
    sizes,
    totalBytes,
  }: {
    readonly phase: Progress['phase'];
    readonly began: RegExp;
    readonly sizes: ReadonlyMap<string, number>;
    readonly totalBytes: number;
  },
  run: Run,
): (line: string) => void {
  let doneBytes = 0;
  let current = 0;
  return (line) => {
    const name = began.exec(line)?.[1];
    if (name === undefined) return;
    doneBytes += current;
    current = sizes.get(name) ?? 0;
    run.progress({ phase, doneBytes, totalBytes });
  };
}
