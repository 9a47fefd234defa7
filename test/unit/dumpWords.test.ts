import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DumpEntry } from '../../src/core/dumpEntry.ts';
import { dumpDescription, dumpFacts, dumpLabel } from '../../src/core/dumpWords.ts';

const now = new Date(2026, 10, 23, 12, 0, 0);
const createdUtc = new Date(2026, 10, 22, 17, 3).toISOString();

const bare: DumpEntry = {
  file: '/ws/backups/default.sqlite3',
  name: 'default.sqlite3',
  alias: 'default',
  manifest: undefined,
  sizeBytes: 1_200_000,
  createdUtc,
  sequence: 1,
  kind: 'manual',
  state: 'unverified',
  origin: 'foreign',
  problem: undefined,
};

const verified: DumpEntry = {
  ...bare,
  state: 'verified',
  origin: 'here',
  manifest: {
    version: 1,
    alias: 'default',
    engine: 'sqlite',
    connector: 'SqliteBackupConnector',
    format: 'sqlite',
    file: 'default.sqlite3',
    kind: 'manual',
    compression: 'gzip',
    sizeBytes: 1_200_000,
    plainBytes: 4_800_000,
    sha256: 'ab'.repeat(32),
    createdUtc,
    durationMs: 412,
    sequence: 1,
    verification: 'quick',
    target: { kind: 'file', engine: 'sqlite', path: 'db.sqlite3' },
    serverVersion: 'SQLite 3.54.0',
    tools: [],
    options: {},
    contents: { tables: [{ name: 'customer' }, { name: 'invoice' }], objects: {} },
    warnings: ['EXCLUDE does not apply to whole-file dumps.'],
    git: { branch: 'main', commit: '3f2a1c9d', dirty: true },
  },
};

describe('the words of a dump', () => {
  it('name its time, and for a safety dump the restore after it', () => {
    assert.equal(dumpLabel(bare, now), 'yesterday 17:03');
    assert.equal(dumpLabel({ ...bare, kind: 'safety' }, now), 'before restore, yesterday 17:03');
  });

  it('describe size, compression, place in git and state', () => {
    assert.equal(dumpDescription(verified), '1.2 MB · gzip · main@3f2a1c* ✓');
    assert.equal(dumpDescription(bare), '1.2 MB · not verified');
    assert.equal(dumpDescription({ ...bare, state: 'damaged' }), '1.2 MB · damaged');
    assert.equal(dumpDescription({ ...bare, kind: 'safety', state: 'verified' }), '1.2 MB · safety');
  });

  it('tell everything that the manifest knows', () => {
    const facts = new Map(dumpFacts(verified));
    assert.equal(facts.get('Size'), '1.2 MB (gzip, 4.8 MB unpacked), made in 0.4 s');
    assert.equal(facts.get('Database'), 'default (SQLite 3.54.0)');
    assert.equal(facts.get('SHA-256'), 'abababababab…');
    assert.equal(facts.get('Warning'), 'EXCLUDE does not apply to whole-file dumps.');
    assert.match(facts.get('Made') ?? '', /^2026-11-22 17:03:00 \(UTC /);
  });

  it('say what is wrong with a dump', () => {
    const facts = new Map(dumpFacts({ ...bare, state: 'damaged', problem: 'The file is shorter than its manifest says.' }));
    assert.equal(facts.get('State'), 'damaged');
    assert.equal(facts.get('Problem'), 'The file is shorter than its manifest says.');
  });
});
