import assert from 'node:assert/strict';
import { applyEdits, parse } from 'jsonc-parser';
import { describe, it } from 'mocha';
import { editDatabase, findPlace, hasSyntaxError } from '../../src/shell/settingsText.ts';

const text = `{
  // tabs are mine
  "editor.tabSize": 2,
  "dbbackup.databases": {
    "default": { "ENGINE": "sqlite3", "NAME": "db.sqlite3", }, // the shop
  },
}
`;

describe('The text of a settings file', () => {
  it('shows where a key and where its value is', () => {
    const shown = (path: readonly (string | number)[], at: 'key' | 'value'): string | undefined => {
      const range = findPlace(text, path, at);
      return range === undefined ? undefined : text.slice(range.offset, range.offset + range.length);
    };
    assert.equal(shown(['dbbackup.databases', 'default', 'NAME'], 'key'), '"NAME"');
    assert.equal(shown(['dbbackup.databases', 'default', 'NAME'], 'value'), '"db.sqlite3"');
    assert.equal(shown(['dbbackup.databases', 'default'], 'key'), '"default"');
    assert.equal(shown(['dbbackup.databases', 'other'], 'key'), undefined);
  });

  it('keeps its comments and its indentation when a database is added', () => {
    const added = applyEdits(text, [...editDatabase(text, 'log', { ENGINE: 'sqlite3', NAME: 'log.db' })]);
    assert.deepEqual(parse(added), {
      'editor.tabSize': 2,
      'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'db.sqlite3' }, log: { ENGINE: 'sqlite3', NAME: 'log.db' } },
    });
    assert.match(added, /\/\/ tabs are mine\n {2}"editor/);
    assert.match(added, /\/\/ the shop/);
    assert.match(added, /\n {4}"log": \{\n {6}"ENGINE": "sqlite3"/);
    assert.equal(hasSyntaxError(added), false);
  });

  it('gets its first database when it is empty, and keeps tabs', () => {
    for (const start of ['', '\n', '{}', '{\n\t"a": 1\n}\n']) {
      const added = applyEdits(start, [...editDatabase(start, 'default', { ENGINE: 'sqlite3' })]);
      const read: unknown = parse(added);
      assert.deepEqual(read, {
        ...(start.includes('a') ? { a: 1 } : {}),
        'dbbackup.databases': { default: { ENGINE: 'sqlite3' } },
      });
      if (start.includes('\t')) assert.match(added, /\n\t\t"default"/);
    }
  });

  it('is left alone when it has a syntax error', () => {
    assert.equal(hasSyntaxError('{ "a": }'), true);
    assert.equal(hasSyntaxError('[]'), true);
    assert.equal(hasSyntaxError('// nothing yet\n'), false);
    assert.equal(hasSyntaxError(text), false);
  });
});
