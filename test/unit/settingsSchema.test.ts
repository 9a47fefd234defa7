import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as z from 'zod';
import { configuration } from '../../scripts/schema.ts';
import { settingKeys } from '../../src/contributions.ts';
import { connectors, engineNames, families, findEngine } from '../../src/core/engines.ts';
import { keysFor } from '../../src/core/settings/keyCheck.ts';
import { typeMistakes } from '../../src/core/settings/valueTypes.ts';

const manifest = z
  .object({ contributes: z.object({ configuration: z.unknown() }), capabilities: z.object({ untrustedWorkspaces: z.unknown() }) })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));
const { properties } = configuration();

describe('The JSON schema of the settings', () => {
  it('is the one that package.json holds (`npm run schema` writes it)', () => {
    assert.deepEqual(manifest.contributes.configuration, JSON.parse(JSON.stringify(configuration())));
  });

  it('refers to nothing and forbids no key, because either would spoil the editor’s own checks', () => {
    const text = JSON.stringify(configuration());
    for (const word of ['"$ref"', '"$id"', '"$schema"', '"$defs"', '"definitions"', '"additionalProperties":false']) {
      assert.ok(!text.includes(word), word);
    }
  });

  it('has every setting that the sources name, in an order and with a scope', () => {
    assert.deepEqual(Object.keys(properties).sort(), Object.values(settingKeys).sort());
    const orders = Object.values(properties).map(({ order }) => order);
    assert.equal(new Set(orders).size, orders.length);
    for (const [name, { scope, ignoreSync }] of Object.entries(properties)) {
      assert.equal(scope, name === 'dbbackup.tools' ? 'machine' : 'resource');
      assert.equal(ignoreSync, name === 'dbbackup.databases' || name === 'dbbackup.connectors' ? true : undefined);
    }
  });

  it('links only to settings that exist', () => {
    const links = [...JSON.stringify(configuration()).matchAll(/`#([^#`]+)#`/g)].map(([, name = '']) => name);
    assert.ok(links.length > 5);
    assert.deepEqual(
      links.filter((name) => !(name in properties)),
      [],
    );
  });

  it('gives every setting a default that its own type accepts', () => {
    for (const connector of connectors) {
      for (const [key, { type, markdown, default: value, examples = [] }] of keysFor(connector)) {
        assert.ok(markdown.length > 10, key);
        for (const given of value === undefined ? examples : [value, ...examples]) {
          assert.deepEqual(typeMistakes(type, given), [], `${connector.name} ${key}`);
        }
      }
    }
  });
});

describe('The table of engines', () => {
  it('gives every engine a connector of its family', () => {
    for (const family of families) {
      for (const name of engineNames(family)) {
        const engine = findEngine(name);
        assert.equal(engine?.family, family === 'other' ? undefined : family);
        if (engine !== undefined)
          assert.equal(connectors.find((connector) => connector.name === engine.connector)?.family, family);
      }
    }
  });
});
