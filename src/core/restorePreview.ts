import type { Contents, TableCount } from './connector.ts';

/**
 * What a restore will do, in full, before it does anything.
 *
 * Shape: names in name order. `replaced` are in the dump; `emptied` were excluded from the dump but will lose their rows;
 * `removed` and `kept` are in the target only. `typeToConfirm` is the name to type where a click is not enough.
 */
export interface RestorePreview {
  readonly alias: string;
  readonly engine: string;
  /** `db.sqlite3`, or `shop on localhost:5432`. */
  readonly target: string;
  readonly targetExists: boolean;
  readonly targetDamage: string | undefined;
  readonly dumpFile: string;
  readonly dumpCreatedUtc: string;
  readonly dumpOrigin: 'here' | 'foreign';
  readonly dumpHasManifest: boolean;
  readonly replaced: readonly TableCount[];
  readonly emptied: readonly string[];
  readonly removed: readonly TableCount[];
  readonly kept: readonly TableCount[];
  readonly openSessions: number | undefined;
  readonly safetyDump: boolean;
  readonly warnings: readonly string[];
  readonly typeToConfirm: string | undefined;
}

/** Compares what the dump holds with what the target holds now. */
export function compareContents(
  dump: Contents,
  target: Contents,
  unlistedTables: 'removed' | 'kept',
): Pick<RestorePreview, 'replaced' | 'removed' | 'kept'> {
  const dumped = new Set(dump.tables.map((table) => table.name));
  const unlisted = target.tables.filter((table) => !dumped.has(table.name));
  return {
    replaced: dump.tables,
    removed: unlistedTables === 'removed' ? unlisted : [],
    kept: unlistedTables === 'kept' ? unlisted : [],
  };
}
