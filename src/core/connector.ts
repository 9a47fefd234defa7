import type { Contents } from './contents.ts';
import type { Database } from './database.ts';
import type { DumpManifest } from './dumpManifest.ts';
import type { Run } from './run.ts';
import type { ToolCall } from './toolCall.ts';

/** What a look at the live target found. `exists: false` for a target that a restore would create. */
export interface Inspection {
  readonly exists: boolean;
  /** Set when the target is there but cannot be read as a database: it cannot be dumped, only kept raw. */
  readonly damage?: string;
  readonly serverVersion: string;
  readonly contents: Contents;
  /** Other sessions on the target, where the engine can say. */
  readonly openSessions?: number;
  readonly sizeBytes?: number;
}

/** A tool as found on this machine. Connectors that work through a driver have none. */
export interface ToolFacts {
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /** Why this one of all that are there, in one sentence. Not kept in manifests. */
  readonly why?: string | undefined;
  /** The service of the workspace's compose file in whose container it was found, by itself. Not kept in manifests. */
  readonly container?: string | undefined;
}

/** What a connector would do, without connecting: shown by the tooltip and by `dbbackup databases`. */
export interface Description {
  readonly tools: readonly ToolFacts[];
  readonly dump: readonly ToolCall[];
  readonly restore: readonly ToolCall[];
  readonly problems: readonly {
    readonly key: string;
    readonly severity: 'error' | 'warning';
    readonly code: string;
    readonly message: string;
    readonly hint: string;
  }[];
}

/** Folders and programs that a connector may use while it works. */
export interface Workspace {
  /** Private scratch directory of this job (0700, in the state directory); removed when the job ends. */
  readonly scratch: string;
}

/** What a connector knows of the dump that it has just written. */
export interface DumpFacts {
  /** Counted under the same view of the data as the dump itself. */
  readonly contents: Contents;
  readonly serverVersion: string;
  readonly tools: readonly ToolFacts[];
  readonly warnings: readonly string[];
  /** Present where the bytes passed through our hands while they were written. Hex. */
  readonly sha256?: string;
  /** Set where the connector has read these very bytes from the dump's file as `DumpFormat.verify` does at this level. */
  readonly proven?: VerificationLevel;
  /**
   * What is known of the dump once it is seen what it holds, where that may differ from `contents`. Absent where it must not.
   *
   * Errors: `dump.refused` for a dump that lacks what it has to hold.
   */
  accept?(found: Contents): Promise<DumpFacts>;
}

/**
 * A dump while it is being made.
 *
 * Shape: `bytes` are those of the plain dump, a chunk valid until the next one is asked for; `facts` settles once the last byte is out, and rejects when the dump failed, whatever came out before.
 */
export interface DumpStream {
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly facts: Promise<DumpFacts>;
}

/** A file of a damaged target, kept as it was. `suffix` is what its name has after that of the database. */
export interface RawFile {
  readonly path: string;
  readonly suffix: string;
}

export interface DumpOptions {
  /** A safety dump holds everything a restore may change: EXCLUDE and its kin do not apply. */
  readonly purpose: 'manual' | 'safety';
  /** Bytes that are free on the disk which the dump goes to. */
  freeBytes?(): Promise<number>;
  /** Reads the dump's file while it is written, to the end that it has once `writer` has settled. A chunk is valid until the next one. */
  follow(path: string, writer: Promise<unknown>, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A dump, opened once and held: its plain (decompressed) bytes are a private file that nobody else can change. */
export interface OpenDump {
  /** Absolute path of the private plain file. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Id of the format that its bytes show. */
  readonly format: string;
  /** What its manifest says; absent without one. Data of whoever made the dump: it never chooses code, paths or programs. */
  readonly manifest?: DumpManifest | undefined;
  /** `here`: made by this user on this machine, and unchanged. Any other dump is read as hostile. */
  readonly origin: 'here' | 'foreign';
}

/**
 * A restore that is decided and has changed nothing yet.
 *
 * Shape: `emptied` lose their rows though the dump has none for them (EXCLUDE); `lost` go with the objects that the restore drops, though the dump lacks them.
 * `safety` as in `Connector.restoreSafety`, and `unlistedTables` as in `Connector.unlistedTables` where it is set, for this very restore.
 */
export interface PreparedRestore {
  readonly emptied: readonly string[];
  readonly lost: readonly string[];
  readonly warnings: readonly string[];
  readonly safety: Connector['restoreSafety'];
  readonly unlistedTables?: Connector['unlistedTables'];
  apply(run: Run): Promise<void>;
}

export type VerificationLevel = 'quick' | 'full';

/**
 * A kind of dump file. A format belongs to no connector alone; a dump's bytes choose it, never its manifest or its name.
 *
 * Errors: `verify` throws BackupError `dumps.empty`, `dumps.truncated` or `dumps.damaged`.
 */
export interface DumpFormat {
  readonly id: string;
  /** Looks at the first bytes of the plain dump, at most 4 KiB. */
  sniff(head: Uint8Array): boolean;
  /** `path` is a plain dump file; nothing beside it is created. */
  verify(path: string, level: VerificationLevel, workspace: Workspace, run: Run): Promise<Contents>;
  /**
   * The same of plain bytes on their way into a compressed dump; absent where only a file can be verified. Reads them to their end, or throws.
   * A chunk is valid until the next one is asked for.
   */
  verifyStream?(bytes: AsyncIterable<Uint8Array>, level: VerificationLevel, workspace: Workspace, run: Run): Promise<Contents>;
  /** Set where a writer only ever appends to such a file, so that `verifyStream` can read it while it grows. */
  readonly isAppended?: true;
  /** Set where the dump's kind decides it, whichever connector restores: it then counts over the connector's own `unlistedTables`. */
  readonly unlistedTables?: 'removed' | 'kept';
}

/**
 * A connector dumps and restores one database.
 *
 * `restoreSafety`: `atomic`: a killed restore leaves old or new rows; `rollBack`: only rolling back from the safety dump gives the old ones.
 */
export interface Connector {
  readonly name: string;
  /** Id of the format that `createDump` writes. */
  readonly format: string;
  /** Id of the format of a safety dump, where that is another one: restoring it must lead back to the very state before. */
  readonly safetyFormat?: string;
  /** Ids of all formats that `restoreDump` reads. */
  readonly reads: readonly string[];
  readonly extension: string;
  readonly restoreSafety: 'atomic' | 'rollBack';

  /** Begins to load what the other methods need, beside the job's own preparations. Does not wait and never fails. */
  warmUp?(): void;
  describe(database: Database): Promise<Description>;
  inspect(database: Database, workspace: Workspace, run: Run): Promise<Inspection>;
  /** Writes the whole dump to `path`, which exists, is empty and belongs to this job alone. */
  createDump(database: Database, path: string, options: DumpOptions, workspace: Workspace, run: Run): Promise<DumpFacts>;
  /** As `createDump`, for a dump that is compressed on its way; absent where only a file can be written. Returns before the first byte. */
  streamDump?(database: Database, options: DumpOptions, workspace: Workspace, run: Run): DumpStream;
  /**
   * Looks whether the dump can be restored into the target as it is, and decides how. Changes nothing.
   *
   * Errors: whatever would stop the restore half way. What can be helped is asked first (`proceed`).
   */
  prepareRestore(
    database: Database,
    dump: OpenDump,
    inspection: Inspection,
    workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore>;
  /**
   * Copies the target's files as they are into `directory`, when it is too damaged to dump; absent where an engine has no files.
   *
   * Shape: the first one is the database itself, the others belong to it; each with what comes after its name (`''`, `-wal`).
   */
  keepRaw?(database: Database, directory: string, workspace: Workspace, run: Run): Promise<readonly RawFile[]>;
  /** What a restore of `dump` contents would do to names in the target that the dump lacks. */
  readonly unlistedTables: 'removed' | 'kept';
}
