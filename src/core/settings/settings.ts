import type { Database, Scope } from '../database.ts';
import type { DumpSettings } from '../job.ts';
import type { Problem } from './problem.ts';

/** What one place says about databases, as it stands there: never merged with another place, nothing checked. */
export interface SettingsLayer {
  readonly scope: Scope;
  /** `dbbackup.databases` of this place; undefined where it is not set. */
  readonly databases: unknown;
  /** `dbbackup.connectors` of this place. */
  readonly connectors: unknown;
}

/** The settings that are one value each, without the section's name. */
export const valueNames = [
  'connectorMapping',
  'dumpDirectory',
  'filenameTemplate',
  'dateFormat',
  'hostname',
  'compression',
  'cleanupKeep',
  'safetyBackup',
  'verification',
  'tools',
] as const;

export type ValueName = (typeof valueNames)[number];

/** A value as the narrowest place that sets it has it. */
export interface ScopedValue {
  readonly scope: Scope;
  readonly value: unknown;
}

/** A workspace folder: its name in `${workspaceFolder:name}` and its absolute path. */
export interface NamedFolder {
  readonly name: string;
  readonly path: string;
}

/**
 * All that the settings of one workspace folder depend on.
 *
 * Shape: `layers` narrowest first; `values` holds only what is set somewhere; `folder` and `userHome` are absolute paths;
 * `folders` are all folders of the workspace, `folder` among them.
 */
export interface SettingsInput {
  readonly layers: readonly SettingsLayer[];
  readonly values: Readonly<Partial<Record<ValueName, ScopedValue>>>;
  readonly folder: string;
  readonly folders: readonly NamedFolder[];
  readonly userHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The machine's name, for `dbbackup.hostname`. */
  readonly machineName: string;
  /** Whether the folder has a `manage.py`: chooses between DjangoConnector and JsonConnector for other engines. */
  readonly hasManagePy: boolean;
  /** Whether the Node that runs jobs can compress with zstd. */
  readonly hasZstd: boolean;
}

/** A database that its settings do not let work, with the first error that stops it. */
export interface BrokenDatabase {
  readonly alias: string;
  /** Family name as in `Database.engine`; undefined where the settings do not tell. */
  readonly engine: string | undefined;
  readonly scope: Scope;
  readonly problem: Problem;
}

/**
 * The settings of one workspace folder, as far as they can be used.
 *
 * Shape: `aliases` in settings order, each either in `databases` or in `broken`. A simple setting with an error has its default in `dumps`.
 * `tools` are absolute paths by tool name. May hold secrets: never log it.
 */
export interface ParsedSettings {
  readonly folder: string;
  readonly aliases: readonly string[];
  readonly databases: readonly Database[];
  readonly broken: readonly BrokenDatabase[];
  readonly dumps: DumpSettings;
  readonly tools: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}
