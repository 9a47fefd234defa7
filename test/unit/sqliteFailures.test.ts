import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { explain } from '../../src/connectors/sqlite/failures.ts';
import { BackupError } from '../../src/core/errors.ts';

function thrown(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('what SQLite and the system throw', () => {
  it('becomes an error with a code of ours that names the file', () => {
    for (const [code, role, ours] of [
      ['SQLITE_FULL', 'database', 'disk.full'],
      ['ENOSPC', 'database', 'disk.full'],
      ['EROFS', 'database', 'disk.readOnly'],
      ['EACCES', 'database', 'disk.noPermission'],
      ['SQLITE_BUSY_SNAPSHOT', 'database', 'sqlite.inUse'],
      ['SQLITE_LOCKED', 'database', 'sqlite.inUse'],
      ['SQLITE_READONLY_DIRECTORY', 'database', 'sqlite.readOnly'],
      ['SQLITE_CANTOPEN', 'database', 'sqlite.readOnly'],
      ['SQLITE_NOTADB', 'database', 'sqlite.notADatabase'],
      ['SQLITE_CORRUPT_VTAB', 'database', 'sqlite.corrupt'],
      ['SQLITE_CORRUPT', 'dump', 'dumps.damaged'],
      ['SQLITE_NOTADB', 'dump', 'dumps.damaged'],
      ['ENOENT', 'database', 'sqlite.missing'],
      ['SQLITE_IOERR_READ', 'database', 'sqlite.failed'],
    ] as const) {
      const error = explain(thrown(code), { path: '/no/such/shop.db', role });
      assert.ok(error instanceof BackupError, code);
      assert.equal(error.code, ours);
      assert.match(error.message, /shop\.db/);
      assert.ok(error.hint.length > 0);
    }
  });

  it('stays as it is when it is of another kind', () => {
    const defect = new TypeError('ours');
    const known = new BackupError('sqlite.memory', 'x', { hint: 'y' });
    assert.equal(explain(defect, { path: 'x', role: 'database' }), defect);
    assert.equal(explain(known, { path: 'x', role: 'database' }), known);
  });
});
