import type { DumpEntry } from './dumpEntry.ts';

/** How many safety dumps of a target Clean leaves, whatever the settings say. */
export const safetyDumpsKept = 3;

/**
 * Which dumps of one target *Clean Old Backups* deletes.
 *
 * Shape: `entries` are the dumps of one database, newest first, as `assignDumps` gives them. What is not verified is never deleted
 * and never counted; of the verified ones the newest `keep` manual and the newest 3 safety dumps stay.
 */
export function dumpsToDelete(entries: readonly DumpEntry[], keep: number): readonly DumpEntry[] {
  const verified = entries.filter((entry) => entry.state === 'verified' && entry.manifest !== undefined);
  return [
    ...verified.filter((entry) => entry.kind === 'manual').slice(Math.max(1, keep)),
    ...verified.filter((entry) => entry.kind === 'safety').slice(safetyDumpsKept),
  ];
}

/** The dump that *Restore Latest* takes from those of one database: the newest manual one whose manifest is whole and that is not damaged. */
export function newestRestorable(entries: readonly DumpEntry[]): DumpEntry | undefined {
  return entries.find((entry) => entry.manifest?.kind === 'manual' && entry.state !== 'damaged');
}
