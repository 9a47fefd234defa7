import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import { passwordKey } from '../../src/core/secretKey.ts';

const target = { kind: 'server', engine: 'postgresql', host: 'localhost', port: 5432, database: 'shop' } as const;
const keyOf = (changes: Partial<typeof target> | object, keys: Database['keys'] = { USER: 'ada' }): string | undefined =>
  passwordKey({ target: { ...target, ...changes }, keys });

describe('the key of a password in secret storage', () => {
  it('changes with engine, host, port, database and user, so that a repository that changes one gets nothing', () => {
    const keys = [
      keyOf({}),
      keyOf({ engine: 'mysql' }),
      keyOf({ host: 'evil.example.org' }),
      keyOf({ port: 5433 }),
      keyOf({ database: 'other' }),
      keyOf({}, { USER: 'eve' }),
      keyOf({}, {}),
    ];
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.match(key ?? '', /^dbbackup\.password\.[0-9a-f]{64}$/);
  });

  it('is the same for the same target, whatever else the settings say', () => {
    assert.equal(keyOf({}), keyOf({}, { USER: 'ada', EXCLUDE: ['log'], PASSWORD: 'x' }));
  });

  it('never mistakes one part for the end of another', () => {
    assert.notEqual(keyOf({ host: 'a', database: 'b' }), keyOf({ host: 'a","b', database: '' }));
  });

  it('takes the user of a URI', () => {
    const uri = (host: string): string | undefined => keyOf({}, { HOST: host });
    assert.equal(uri('mongodb://ada@localhost/shop'), keyOf({}));
    assert.equal(uri('mongodb://ada:secret@localhost'), keyOf({}));
    assert.notEqual(uri('mongodb://eve@localhost'), keyOf({}));
  });

  it('does not exist for a database in a file', () => {
    assert.equal(passwordKey({ target: { kind: 'file', engine: 'sqlite', path: '/db' }, keys: {} }), undefined);
  });
});
