import type { Connector, DumpFormat } from '../core/connector.ts';
import type { Run } from '../core/run.ts';
import { createScratch, ensureState } from '../system/stateDirectory.ts';

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

/** Gives a job its private folder and takes it away again, however the job ends. */
export async function withContext<Result>(
  parts: Pick<JobContext, 'stateDirectory' | 'run' | 'formatOf' | 'formatById'>,
  body: (context: JobContext) => Promise<Result>,
): Promise<Result> {
  await ensureState(parts.stateDirectory);
  const scratch = await createScratch(parts.stateDirectory);
  try {
    return await body({ ...parts, scratch: scratch.path, now: () => new Date() });
  } finally {
    await scratch.remove();
  }
}
