import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { SecretStorage } from 'vscode';
import type { Database } from '../../src/core/database.ts';
import { Passwords } from '../../src/shell/secrets.ts';

const database: Database = {
  alias: 'default',
  engine: 'postgresql',
  connector: 'PgDumpBinaryConnector',
  keys: { USER: 'ada' },
  folder: '/ws',
  scope: 'folder',
  target: { kind: 'server', engine: 'postgresql', host: 'localhost', port: 5432, database: 'shop' },
  tools: {},
};

/** What VS Code promises of secret storage, without a keychain behind it. */
function storageIn(kept: Map<string, string>): Pick<SecretStorage, 'get' | 'store' | 'delete'> {
  return {
    get: (key) => Promise.resolve(kept.get(key)),
    store: (key, value) => Promise.resolve(void kept.set(key, value)),
    delete: (key) => Promise.resolve(void kept.delete(key)),
  };
}

describe('kept passwords', () => {
  let kept = new Map<string, string>();
  let passwords = new Passwords(storageIn(kept));
  const inspected = async (changes: Partial<Database>): Promise<unknown> => {
    const request = { kind: 'inspect', database: { ...database, ...changes }, stateDirectory: '/state' } as const;
    return (await passwords.into(request)).database.keys['PASSWORD'];
  };

  beforeEach(async () => {
    kept = new Map();
    passwords = new Passwords(storageIn(kept));
    await passwords.keep(database, 'hunter2');
  });

  it('go into the request of a job, and nowhere else', async () => {
    assert.equal(await inspected({}), 'hunter2');
    assert.equal(database.keys['PASSWORD'], undefined);
    const all = await passwords.into({ kind: 'describe', databases: [database], stateDirectory: '/state' });
    assert.equal(all.databases[0]?.keys['PASSWORD'], 'hunter2');
  });

  it('go before a password in the settings', async () => {
    assert.equal(await inspected({ keys: { USER: 'ada', PASSWORD: 'old' } }), 'hunter2');
  });

  it('never go to another host under the same alias', async () => {
    assert.equal(
      await inspected({ target: { ...database.target, kind: 'server', host: 'evil', port: 5432, database: 'shop' } }),
      undefined,
    );
    assert.equal(await inspected({ keys: { USER: 'eve' } }), undefined);
  });

  it('are not looked for where the settings say that there is none', async () => {
    assert.equal(await inspected({ keys: { USER: 'ada', PASSWORD: null } }), null);
  });

  it('are forgotten for their target alone', async () => {
    const other = { ...database, keys: { USER: 'grace' } };
    await passwords.keep(other, 'nanosecond');
    await passwords.forget(database);
    assert.equal(await passwords.has(database), false);
    assert.equal(await inspected({ keys: other.keys }), 'nanosecond');
  });

  it('stand under keys that tell nothing about their targets', () => {
    for (const key of kept.keys()) assert.doesNotMatch(key, /ada|shop|localhost|default/);
  });
});
