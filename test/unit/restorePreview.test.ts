import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { compareContents } from '../../src/core/restorePreview.ts';

describe('compareContents', () => {
  const dump = { tables: [{ name: 'a', rows: 1 }], objects: {} };
  const target = {
    tables: [
      { name: 'a', rows: 5 },
      { name: 'later', rows: 2 },
    ],
    objects: {},
  };

  it('lists tables that only the target has as removed where a restore replaces the whole database', () => {
    assert.deepEqual(compareContents(dump, target, 'removed'), {
      replaced: dump.tables,
      removed: [{ name: 'later', rows: 2 }],
      kept: [],
    });
  });

  it('lists them as kept where a restore touches only what the dump holds', () => {
    assert.deepEqual(compareContents(dump, target, 'kept').kept, [{ name: 'later', rows: 2 }]);
  });
});
