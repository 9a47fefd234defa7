import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DumpEntry } from '../../src/core/dumpEntry.ts';
import type { DumpManifest } from '../../src/core/dumpManifest.ts';
import { dumpsToDelete } from '../../src/core/retention.ts';

const manifest: DumpManifest = {
  version: 1,
  alias: 'default',
  engine: 'sqlite',
  connector: 'SqliteBackupConnector',
  format: 'sqlite',
  file: 'x',
  kind: 'manual',
  compression: 'none',
  sizeBytes: 1,
  plainBytes: 1,
  sha256: '0'.repeat(64),
  createdUtc: '2025-01-01T00:00:00.000Z',
  durationMs: 1,
  sequence: 1,
  verification: 'quick',
  target: { kind: 'file', engine: 'sqlite', path: 'db.sqlite3' },
  serverVersion: '3',
  tools: [],
  options: {},
  contents: { tables: [], objects: {} },
  warnings: [],
};

function entry(name: string, change: Partial<DumpEntry> = {}): DumpEntry {
  return {
    file: `/dumps/${name}`,
    name,
    alias: 'default',
    manifest,
    sizeBytes: 1,
    createdUtc: '2025-01-01T00:00:00.000Z',
    sequence: 1,
    kind: 'manual',
    state: 'verified',
    origin: 'here',
    problem: undefined,
    ...change,
  };
}

const names = (entries: readonly DumpEntry[]): readonly string[] => entries.map(({ name }) => name);

describe('dumpsToDelete', () => {
  it('leaves the newest verified dumps and deletes the verified ones behind them', () => {
    assert.deepEqual(names(dumpsToDelete([entry('d'), entry('c'), entry('b'), entry('a')], 2)), ['b', 'a']);
  });

  it('neither deletes nor counts unverified and damaged dumps, or files without a manifest', () => {
    const entries = [
      entry('unverified', { state: 'unverified' }),
      entry('damaged', { state: 'damaged' }),
      entry('stray', { manifest: undefined }),
      entry('good'),
      entry('older'),
      entry('old damaged', { state: 'damaged' }),
    ];
    assert.deepEqual(names(dumpsToDelete(entries, 1)), ['older']);
  });

  it('keeps safety dumps by a count of their own', () => {
    const safety = ['5', '4', '3', '2', '1'].map((name) => entry(name, { kind: 'safety' }));
    assert.deepEqual(names(dumpsToDelete([...safety, entry('manual')], 1)), ['2', '1']);
  });

  it('never deletes the newest verified dump', () => {
    assert.deepEqual(dumpsToDelete([entry('only')], 0), []);
  });
});
