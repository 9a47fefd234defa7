import type { Connector, DumpFormat } from '../core/connector.ts';
import type { Run } from '../core/run.ts';

/** What every job is given besides its request. A job never chooses a connector and never asks which engine it serves. */
export interface JobContext {
  readonly stateDirectory: string;
  /** Absolute path of this job's private folder in the state directory; removed when the job ends. */
  readonly scratch: string;
  readonly run: Run;
  now(): Date;
  /** The format that a dump's first bytes show, whatever its name or manifest say. */
  formatOf(head: Uint8Array): Promise<DumpFormat | undefined>;
  formatById(id: string): Promise<DumpFormat>;
}

/** A job on one database gets that database's connector with it. */
export interface DatabaseJobContext extends JobContext {
  readonly connector: Connector;
}
