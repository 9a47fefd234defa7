import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { formatOf } from '../../src/connectors/registry.ts';
import type { Connector, PreparedRestore, Workspace } from '../../src/core/connector.ts';
import type { Database } from '../../src/core/database.ts';
import type { DumpManifest } from '../../src/core/dumpManifest.ts';
import type { Run } from '../../src/core/run.ts';

/** Restores a plain dump file, as a job does after its questions; the target is not looked at first. That of `safetyOf` has a manifest, any other none. */
export async function restoreFile(connector: Connector, given: Given): Promise<void> {
  await (await prepareFile(connector, given)).apply(given.run);
}

interface Given {
  readonly database: Database;
  readonly path: string;
  readonly workspace: Workspace;
  readonly run: Run;
  readonly safetyOf?: Database;
}

/** As `restoreFile`, up to the question. */
export async function prepareFile(
  connector: Connector,
  { database, path, workspace, run, safetyOf }: Given,
): Promise<PreparedRestore> {
  const format = (await formatOf(headOf(path)))?.id ?? '';
  const manifest = safetyOf === undefined ? undefined : safetyManifest(connector, safetyOf, format);
  const dump = { path, sizeBytes: statSync(path).size, format, origin: 'here' as const, manifest };
  const inspection = { exists: true, serverVersion: '', contents: { tables: [], objects: {} } };
  return connector.prepareRestore(database, dump, inspection, workspace, run);
}

function safetyManifest(connector: Connector, { alias, engine, target }: Database, format: string): DumpManifest {
  return {
    version: 1,
    alias,
    engine,
    connector: connector.name,
    format,
    file: 'safety',
    kind: 'safety',
    compression: 'none',
    sizeBytes: 0,
    plainBytes: 0,
    sha256: '0'.repeat(64),
    createdUtc: '2025-01-01T00:00:00Z',
    durationMs: 0,
    sequence: 1,
    verification: 'quick',
    target,
    serverVersion: '',
    tools: [],
    options: {},
    contents: { tables: [], objects: {} },
    warnings: [],
  };
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
