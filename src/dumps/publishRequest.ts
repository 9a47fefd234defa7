import type { DumpFacts, DumpStream } from '../core/connector.ts';
import type { Contents } from '../core/contents.ts';
import type { Target } from '../core/database.ts';
import type { DumpManifest } from '../core/dumpManifest.ts';
import type { GitFacts } from '../core/job.ts';
import type { Run } from '../core/run.ts';
import type { Compression } from './compression.ts';
import type { FileOwner } from './partials.ts';

/** What is known of a dump before it is made; it goes into the manifest. `verification` says what `verify` proves, `none` without it. */
export interface DumpAbout {
  readonly alias: string;
  readonly engine: string;
  readonly connector: string;
  readonly format: string;
  readonly kind: 'manual' | 'safety';
  readonly target: Target;
  readonly options: Readonly<Record<string, unknown>>;
  readonly verification: 'none' | 'quick' | 'full';
  readonly git?: GitFacts | undefined;
}

/**
 * A dump to make.
 *
 * Shape: `directory` and `folder` absolute. `fileName(1)` is the wanted base name, compression's ending included, `fileName(2)` the next one
 * when it is taken. `write` gets the path of an empty file of this job alone; `verify` that of the plain dump.
 * `withDirectoryLock` holds the lock of the dump directory, given by its real path, while `body` runs.
 */
export interface PublishRequest {
  readonly directory: string;
  readonly folder: string;
  readonly stateDirectory: string;
  readonly compression: Compression;
  readonly about: DumpAbout;
  readonly run: Pick<Run, 'signal' | 'progress'>;
  readonly owner: FileOwner;
  now(): Date;
  fileName(attempt: number): string;
  write(path: string): Promise<DumpFacts>;
  verify?(path: string): Promise<Contents>;
  /** In place of `verify` where `write` only ever appends and nothing is compressed: the bytes while they are written. A chunk is valid until the next one. */
  readonly follow?: ((bytes: AsyncIterable<Uint8Array>) => Promise<Contents>) | undefined;
  /** In place of `write` and `verify` where the dump is compressed: its plain bytes then never are a file. */
  readonly stream?: StreamedDump | undefined;
  withDirectoryLock<Result>(realDirectory: string, body: () => Promise<Result>): Promise<Result>;
}

/** A dump that is compressed and verified while it is made. */
export interface StreamedDump {
  start(): DumpStream;
  verify(bytes: AsyncIterable<Uint8Array>): Promise<Contents>;
}

/** A dump under its final name. `file` is an absolute path below the request's `directory`. */
export interface PublishedDump {
  readonly file: string;
  readonly manifest: DumpManifest;
}

/** The bytes of a finished dump, compressed or not. */
export interface StoredDump {
  readonly path: string;
  readonly sizeBytes: number;
  readonly plainBytes: number;
  readonly sha256: string;
}
