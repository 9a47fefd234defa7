import { spawnSync } from 'node:child_process';

export type Unit = 'times' | 'ms' | 'MiB' | 'KiB' | 'count';

/**
 * One line of the table.
 *
 * Shape: `values` are those of the single runs; the line is ok when their median is at most `reach`, and says nothing without one.
 *        `absolute` says from what the values were made.
 */
export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly values: readonly number[];
  readonly reach?: number;
  readonly absolute?: string;
}

/** One of the two that take turns. Only `run` is timed. */
export interface Contestant {
  prepare?(): void | Promise<void>;
  run(): void | Promise<void>;
  cleanUp?(): void | Promise<void>;
}

/** What one of them needed, and the other in the next turn. Units: milliseconds. */
export interface Turn {
  readonly oursMs: number;
  readonly theirsMs: number;
}

/** Lets both take turns, `runs` times after one turn that only warms the caches. */
export async function takeTurns(ours: Contestant, theirs: Contestant, runs: number): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  for (let run = 0; run <= runs; run++) {
    const theirsMs = await timed(theirs);
    const oursMs = await timed(ours);
    if (run > 0) turns.push({ oursMs, theirsMs });
  }
  return turns;
}

/** What an earlier run has written must not reach the disk at the expense of the next one. */
export function quietDisk(): void {
  spawnSync('sync');
}

/** The line of a contest: our time as a multiple of theirs, turn by turn. */
export function ratioRow(what: string, turns: readonly Turn[], reach?: number): Row {
  const ours = seconds(median(turns.map(({ oursMs }) => oursMs)));
  const theirs = seconds(median(turns.map(({ theirsMs }) => theirsMs)));
  return {
    what,
    unit: 'times',
    values: turns.map(({ oursMs, theirsMs }) => oursMs / theirsMs),
    ...(reach === undefined ? {} : { reach }),
    absolute: `${ours} : ${theirs}`,
  };
}

async function timed(contestant: Contestant): Promise<number> {
  await contestant.prepare?.();
  quietDisk();
  const started = performance.now();
  await contestant.run();
  const durationMs = performance.now() - started;
  await contestant.cleanUp?.();
  return durationMs;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** Says whether a line reaches its figure. A line without one always does. */
export function isReached({ values, reach }: Row): boolean {
  return reach === undefined || median(values) <= reach;
}

/** The lines as a table in Markdown. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.what, valuesText(row), reachText(row), verdict(row), row.absolute ?? '']);
  const all = [['what', 'min – median – max', 'reach', '', 'medians'], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = all;
  return [text(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rest.map(text)].join('\n');
}

function valuesText({ values, unit }: Row): string {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    numberText(value, unit),
  );
  return `${values.length === 1 ? middle : `${least} – ${middle} – ${most}`}${unitText(unit)}`;
}

function reachText({ reach, unit }: Row): string {
  return reach === undefined ? '' : `≤ ${numberText(reach, unit)}${unitText(unit)}`;
}

function verdict(row: Row): string {
  if (row.reach === undefined) return '';
  return isReached(row) ? 'ok' : 'MISSED';
}

function numberText(value: number, unit: Unit): string {
  return unit === 'times' || unit === 'MiB' ? value.toFixed(2) : value.toFixed(unit === 'count' ? 0 : 1);
}

function unitText(unit: Unit): string {
  return unit === 'times' ? ' ×' : unit === 'count' ? '' : ` ${unit}`;
}
