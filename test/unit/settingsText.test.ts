import assert from 'node:assert/strict';
import { applyEdits, parse } from 'jsonc-parser';
import { describe, it } from 'mocha';
import { editDatabase, findPlace, hasSyntaxError, removeKey, textAt } from '../../src/shell/settingsText.ts';

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

  it('keeps every other character when a database is added', () => {
    const added = applyEdits(text, [...editDatabase(text, 'log', { ENGINE: 'sqlite3', NAME: 'log.db' })]);
    const lines = ['    "log": {', '      "ENGINE": "sqlite3",', '      "NAME": "log.db"', '    }', ''];
    assert.equal(added, text.replace('// the shop\n', `// the shop\n${lines.join('\n')}`));
  });

  it('gets a comma before the comment that follows the last database', () => {
    const one = '{\n  "dbbackup.databases": {\n    "a": { "NAME": "a" } // first\n  }\n}\n';
    const added = applyEdits(one, [...editDatabase(one, 'b', {})]);
    assert.equal(added, '{\n  "dbbackup.databases": {\n    "a": { "NAME": "a" }, // first\n    "b": {}\n  }\n}\n');
  });

  it('keeps one-line objects, Windows line ends and an alias that is replaced', () => {
    const change = (start: string, alias: string): string => applyEdits(start, [...editDatabase(start, alias, { E: 1 })]);
    assert.equal(
      change('{ "a": 1 }', 'x'),
      '{ "a": 1,\n    "dbbackup.databases": {\n        "x": {\n            "E": 1\n        }\n    }\n}',
    );
    assert.equal(
      change('{\r\n  "dbbackup.databases": {}\r\n}', 'x'),
      '{\r\n  "dbbackup.databases": {\r\n    "x": {\r\n      "E": 1\r\n    }\r\n  }\r\n}',
    );
    assert.deepEqual(parse(change('{ "dbbackup.databases": { "x": { "F": 2 } } }', 'x')), {
      'dbbackup.databases': { x: { E: 1 } },
    });
    assert.deepEqual(parse(change('{ "dbbackup.databases": null }', 'x')), { 'dbbackup.databases': { x: { E: 1 } } });
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

  it('loses a key and nothing else, wherever it stands', () => {
    const path = ['dbbackup.databases', 'a', 'PASSWORD'];
    const without = (members: string): string => {
      const start = `{ "dbbackup.databases": { "a": {\n  ${members}\n} } } // end\n`;
      return applyEdits(start, [...removeKey(start, path)]);
    };
    const left = '{ "dbbackup.databases": { "a": {\n  "NAME": "a" // mine\n} } } // end\n';
    assert.equal(without('"PASSWORD": "x",\n  "NAME": "a" // mine'), left);
    assert.equal(without('"NAME": "a" // mine'), left);
    assert.equal(without('"NAME": "a", // mine\n  "PASSWORD": "x"'), left);
    assert.equal(without('"NAME": "a" /* a, b */, // mine\n  "PASSWORD": "x",'), left.replace('// mine', '/* a, b */ // mine'));
    assert.equal(without('"PASSWORD": "x"'), '{ "dbbackup.databases": { "a": {\n} } } // end\n');
    assert.deepEqual(parse(without('"NAME": "a", "PASSWORD": "x", "USER": "u"')), {
      'dbbackup.databases': { a: { NAME: 'a', USER: 'u' } },
    });
  });

  it('shows the text of a value, and only a text', () => {
    assert.equal(textAt(text, ['dbbackup.databases', 'default', 'NAME']), 'db.sqlite3');
    assert.equal(textAt(text, ['editor.tabSize']), undefined);
    assert.equal(textAt(text, ['nothing', 'here']), undefined);
    assert.equal(textAt('', ['a']), undefined);
  });
});
