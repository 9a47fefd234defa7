import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { descriptionAt, proposalsAt, type KnownAlias, type Proposal } from '../../src/shell/connectorKeys.ts';

const known: readonly KnownAlias[] = [{ alias: 'shop', engine: 'postgresql', connector: 'PgDumpConnector' }];

/** Proposals where `|` stands in the text. */
function propose(marked: string, prefix: readonly string[] = []): readonly Proposal[] {
  return proposalsAt(marked.replace('|', ''), marked.indexOf('|'), { prefix, known });
}

function labels(marked: string, prefix: readonly string[] = []): readonly string[] {
  return propose(marked, prefix).map(({ label }) => label);
}

describe('Completion in dbbackup.connectors', () => {
  it('offers the aliases of all settings that have no entry yet', () => {
    const text = '{ "dbbackup.databases": { "default": {}, "log": {} }, "dbbackup.connectors": { "log": {}, "|" } }';
    assert.deepEqual(labels(text), ['default', 'shop']);
    assert.equal(propose(text)[0]?.insert, '"default": {$0\\}'.replace('\\', ''));
  });

  it('offers the keys of the alias’s connector, with description and default', () => {
    const sqlite = labels(
      '{ "dbbackup.databases": { "a": { "ENGINE": "sqlite3" } }, "dbbackup.connectors": { "a": { "NAME": "x", | } } }',
    );
    assert.ok(
      sqlite.includes('EXTENSION') && !sqlite.includes('NAME') && !sqlite.includes('DUMP_CMD') && !sqlite.includes('EXCLUDE'),
    );
    const shop = propose('{ "dbbackup.connectors": { "shop": { | } } }');
    const single = shop.find(({ label }) => label === 'SINGLE_TRANSACTION');
    assert.deepEqual([single?.detail, single?.insert], ['Default: `true`', '"SINGLE_TRANSACTION": ${1:false}']);
    assert.ok((single?.markdown ?? '').length > 20);
    assert.ok(!shop.some(({ label }) => label === 'JOBS'));
    const changed = labels('{ "dbbackup.connectors": { "shop": { "CONNECTOR": "PgDumpBinaryConnector", | } } }');
    assert.ok(changed.includes('JOBS'));
  });

  it('offers values where there is a choice', () => {
    assert.deepEqual(labels('{ "dbbackup.connectors": { "shop": { "DROP": | } } }'), ['true', 'false']);
    const connectors = labels('{ "dbbackup.connectors": { "shop": { "CONNECTOR": "|" } } }');
    assert.ok(connectors.includes('"PgDumpGisConnector"') && !connectors.includes('"SqliteConnector"'));
  });

  it('keeps the text valid: quotes, commas, values that are there', () => {
    assert.match(propose('{ "dbbackup.connectors": { "shop": { |\n"DROP": true } } }')[0]?.insert ?? '', /,$/);
    assert.equal(
      propose('{ "dbbackup.connectors": { "shop": { "U|": "x" } } }').find(({ label }) => label === 'USER')?.insert,
      '"USER"',
    );
  });

  it('works in a workspace file, and stays silent elsewhere', () => {
    assert.ok(labels('{ "settings": { "dbbackup.connectors": { "|" } } }', ['settings']).includes('shop'));
    assert.deepEqual(labels('{ "dbbackup.connectors": { "|" } }', ['settings']), []);
    assert.deepEqual(labels('{ "dbbackup.databases": { "shop": { "|" } } }'), []);
    assert.deepEqual(labels('{ "dbbackup.connectors": { "shop": { "ENV": { "|" } } } }'), []);
  });

  it('describes a key under the pointer', () => {
    const text = '{ "dbbackup.connectors": { "shop": { "JOBS": 2 } } }';
    const found = descriptionAt(text, text.indexOf('OBS'), { prefix: [], known });
    assert.match(found?.markdown ?? '', /pg_restore[^]*Default: `1`/);
    assert.equal(descriptionAt(text, text.indexOf('shop'), { prefix: [], known }), undefined);
  });
});
