import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';

const suiteCounts = z.object({ passed: z.int(), failed: z.int(), skipped: z.int() });

/** How many tests of a suite passed, failed and were skipped. */
export type SuiteCounts = Readonly<z.infer<typeof suiteCounts>>;

/** A file with a test that failed, and the counts of its tests. */
export type FailedFile = SuiteCounts & { readonly file: string };

/** Reads the counts that a suite has written. A suite that wrote none has failed before its end: one failure. */
export function readSuiteCounts(file: string): SuiteCounts {
  return existsSync(file) ? suiteCounts.parse(JSON.parse(readFileSync(file, 'utf8'))) : { passed: 0, failed: 1, skipped: 0 };
}

export function addCounts(first: SuiteCounts, second: SuiteCounts): SuiteCounts {
  return {
    passed: first.passed + second.passed,
    failed: first.failed + second.failed,
    skipped: first.skipped + second.skipped,
  };
}

/** Hands the counts of this process to `npm test`, in the file that DBBACKUP_TEST_RESULT names. Without it, does nothing. */
export function writeSuiteCounts(counts: SuiteCounts & { readonly failedFiles?: readonly FailedFile[] }): void {
  const file = process.env['DBBACKUP_TEST_RESULT'];
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(counts));
}
