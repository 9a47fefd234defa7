import * as z from 'zod';
import type { Contents } from './contents.ts';

const tableSchema = z.object({ name: z.string(), rows: z.number().optional() });

/**
 * What a restore will do, in full, before it does anything.
 *
 * Shape: names in name order. `replaced` are in the dump; `emptied` were excluded from the dump but will lose their rows;
 * `removed` and `kept` are in the target only. `typeToConfirm` is the name to type where a click is not enough.
 */
export const restorePreviewSchema = z.object({
  alias: z.string(),
  engine: z.string(),
  /** `db.sqlite3`, or `shop on localhost`. */
  target: z.string(),
  targetExists: z.boolean(),
  /** Why the target cannot be read as a database, when it cannot. */
  targetDamage: z.string().optional(),
  dumpFile: z.string(),
  dumpCreatedUtc: z.string(),
  dumpOrigin: z.enum(['here', 'foreign']),
  dumpHasManifest: z.boolean(),
  replaced: z.array(tableSchema),
  emptied: z.array(z.string()),
  /** Go with the objects that the restore drops, though the dump does not have them: partitions, views. */
  lost: z.array(z.string()),
  removed: z.array(tableSchema),
  kept: z.array(tableSchema),
  openSessions: z.number().optional(),
  safetyDump: z.boolean(),
  warnings: z.array(z.string()),
  /** The target is on another machine. */
  isRemote: z.boolean(),
  typeToConfirm: z.string().optional(),
});

export type RestorePreview = z.infer<typeof restorePreviewSchema>;

/** Compares what the dump holds with what the target holds now. */
export function compareContents(
  dump: Contents,
  target: Contents,
  unlistedTables: 'removed' | 'kept',
): Pick<RestorePreview, 'replaced' | 'removed' | 'kept'> {
  const dumped = new Set(dump.tables.map((table) => table.name));
  const unlisted = target.tables.filter((table) => !dumped.has(table.name));
  return {
    replaced: [...dump.tables],
    removed: unlistedTables === 'removed' ? unlisted : [],
    kept: unlistedTables === 'kept' ? unlisted : [],
  };
}
