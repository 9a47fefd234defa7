import { stat } from 'node:fs/promises';
import type { Run } from '../core/run.ts';
import type { Reading } from '../system/readPosition.ts';

/** Says how much of the file at `path` a tool that restores from it has read. Errors: the system's, where there is no such file. */
export async function restoreProgress(path: string, run: Run): Promise<Reading> {
  const { size: totalBytes } = await stat(path);
  return { path, onPosition: (doneBytes) => run.progress({ phase: 'restoring', doneBytes, totalBytes }) };
}
