import type { DumpManifest } from './dumpManifest.ts';

/** `verified` needs a manifest made here, or a later Verify, with size and content unchanged since. */
export type DumpState = 'verified' | 'unverified' | 'damaged';

/**
 * A dump as it is listed.
 *
 * Shape: `file` absolute path, `name` its base name. `manifest` is absent for files without one, or with a broken one (`problem` says so).
 * Units: `sizeBytes` bytes as stored; `createdUtc` ISO 8601 UTC (the file's own time when there is no manifest).
 */
export interface DumpEntry {
  readonly file: string;
  readonly name: string;
  readonly alias: string | undefined;
  readonly manifest: DumpManifest | undefined;
  readonly sizeBytes: number;
  readonly createdUtc: string;
  /** Order of making: newest is highest. Entries without a manifest order by time behind those with one of the same moment. */
  readonly sequence: number;
  readonly kind: 'manual' | 'safety';
  readonly state: DumpState;
  readonly origin: 'here' | 'foreign';
  readonly problem: string | undefined;
}
