import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { formatOf } from '../../src/connectors/registry.ts';
import type { Connector, Workspace } from '../../src/core/connector.ts';
import type { Database } from '../../src/core/database.ts';
import type { Run } from '../../src/core/run.ts';

/** Restores a plain dump file that has no manifest, as a job does after its questions; the target is not looked at first. */
export async function restoreFile(
  connector: Connector,
  { database, path, workspace, run }: { database: Database; path: string; workspace: Workspace; run: Run },
): Promise<void> {
  const format = await formatOf(headOf(path));
  const dump = { path, sizeBytes: statSync(path).size, format: format?.id ?? '', origin: 'here' as const };
  const inspection = { exists: true, serverVersion: '', contents: { tables: [], objects: {} } };
  await (await connector.prepareRestore(database, dump, inspection, workspace, run)).apply(run);
}

function headOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4096);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
