import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RestorePreview } from '../../src/core/restorePreview.ts';
import { restoreDetail, restoreDocument, restoreTitle } from '../../src/core/restoreWords.ts';

const now = new Date(2026, 10, 23, 12, 0, 0);
const tables = (...names: string[]): { name: string; rows: number }[] => names.map((name) => ({ name, rows: 2 }));

const preview: RestorePreview = {
  alias: 'default',
  engine: 'postgresql',
  target: 'shop on localhost:5432',
  targetExists: true,
  dumpFile: '/ws/backups/default.dump',
  dumpCreatedUtc: new Date(2026, 10, 22, 17, 3).toISOString(),
  dumpOrigin: 'here',
  dumpHasManifest: true,
  replaced: tables(...Array.from({ length: 14 }, (_, index) => `t${index}`)),
  emptied: ['audit'],
  lost: [],
  removed: [],
  kept: tables('cart', 'session'),
  openSessions: 3,
  safetyDump: true,
  warnings: [],
  isRemote: false,
};

describe('the words of a restore', () => {
  it('ask by alias and age', () => {
    assert.equal(restoreTitle(preview, now), 'Restore default from the dump of yesterday 17:03?');
  });

  it('name the target and everything that changes', () => {
    assert.deepEqual(restoreDetail(preview).split('\n'), [
      'PostgreSQL shop on localhost:5432',
      'replaces 14 tables',
      'empties audit (excluded from the dump)',
      'keeps 2 tables that are not in the dump: cart, session',
      '3 connections are open',
      'A safety dump is made first: you can undo this.',
    ]);
  });

  it('name what will be removed', () => {
    const detail = restoreDetail({ ...preview, kept: [], removed: tables('cart') });
    assert.match(detail, /^removes 1 table that is not in the dump: cart$/m);
  });

  it('never fill more than eight lines and always end with the safety dump', () => {
    const everything: RestorePreview = {
      ...preview,
      targetDamage: 'file is not a database',
      removed: tables('a', 'b', 'c', 'd'),
      dumpOrigin: 'foreign',
      safetyDump: false,
      warnings: ['one'],
    };
    const lines = restoreDetail(everything).split('\n');
    assert.equal(lines.length, 8);
    assert.equal(lines.at(-1), 'No safety dump is made: this can’t be undone.');
    assert.ok(lines.includes('removes 4 tables that are not in the dump: a, b, c and 1 more'));
  });

  it('say that a dump is foreign or has no manifest', () => {
    assert.match(restoreDetail({ ...preview, dumpOrigin: 'foreign' }), /The dump is foreign/);
    assert.match(restoreDetail({ ...preview, dumpHasManifest: false }), /The dump has no manifest/);
  });

  it('list every table and warning in the document', () => {
    const text = restoreDocument({ ...preview, warnings: ['views use the excluded table audit'] });
    for (const { name } of [...preview.replaced, ...preview.kept]) assert.ok(text.includes(`\n  ${name} (2 rows)`));
    assert.ok(text.includes('\n  audit\n'));
    assert.ok(text.includes('views use the excluded table audit'));
  });
});
