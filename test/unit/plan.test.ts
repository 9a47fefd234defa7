import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import type { DescribedDatabase } from '../../src/core/job.ts';
import { containerParts, planHash, planText, workspaceParts } from '../../src/core/plan.ts';

function databaseWith(keys: Database['keys'], scope: Database['scope'] = 'folder'): Database {
  return {
    alias: 'default',
    engine: 'postgresql',
    connector: 'PgDumpBinaryConnector',
    keys,
    keyScopes: Object.fromEntries(Object.keys(keys).map((key) => [key, scope])),
    folder: '/ws',
    scope,
    target: { kind: 'server', engine: 'postgresql', host: 'localhost', port: 5432, database: 'shop' },
    tools: {},
  };
}

const call = {
  program: '/usr/bin/pg_dump',
  args: ['--no-password', 'two words'],
  env: { PGHOST: 'localhost', PGPASSWORD: '***' },
};
const description = {
  alias: 'default',
  folder: '/ws',
  connector: 'PgDumpBinaryConnector',
  tools: [],
  dump: [call],
  restore: [{ ...call, program: '/usr/bin/pg_restore' }],
  problems: [],
};

function hashOf(database: Database, described: DescribedDatabase = description): string {
  return planHash(Buffer.alloc(32, 7), database, planText(database, described));
}

describe('the plan of a database', () => {
  it('has nothing to approve where the workspace sets neither commands nor environments', () => {
    assert.deepEqual(workspaceParts(databaseWith({ NAME: 'shop', HOST: 'db', EXCLUDE: ['log'], DUMP_PREFIX: '', ENV: {} })), []);
    assert.deepEqual(workspaceParts(databaseWith({ NAME: 'shop', DUMP_PREFIX: 'nice', ENV: { A: 'b' } }, 'user')), []);
  });

  it('has each command, prefix, suffix and environment of the workspace to approve', () => {
    const keys = {
      DUMP_CMD: 'a',
      RESTORE_CMD: ['a', 'b'],
      PSQL_CMD: 'a',
      DUMP_PREFIX: 'a',
      RESTORE_PREFIX: 'a',
      DUMP_SUFFIX: 'a',
      RESTORE_SUFFIX: 'a',
      ENV: { A: 'b' },
      DUMP_ENV: { A: 'b' },
      RESTORE_ENV: { A: 'b' },
      PG_OPTIONS: '--host=evil.example.org',
    };
    for (const scope of ['folder', 'workspace'] as const) {
      assert.deepEqual(
        workspaceParts(databaseWith(keys, scope)).map(({ key }) => key),
        Object.keys(keys),
      );
    }
  });

  it('has a tool to approve that was found in a container of the workspace, and is another plan with it', () => {
    const tool = { name: 'pg_dump', path: 'pg_dump', version: '' };
    const inside = { ...description, tools: [{ ...tool, container: 'db' }] };
    assert.deepEqual([containerParts({ ...description, tools: [tool] }), containerParts(undefined)], [[], []]);
    assert.deepEqual(containerParts(inside), [{ key: 'pg_dump', value: 'in the container of db', source: 'compose file' }]);
    const database = databaseWith({ NAME: 'shop' });
    assert.match(planText(database, inside), /pg_dump = in the container of db {4}\(compose file\)/);
    assert.notEqual(hashOf(database, inside), hashOf(database, description));
  });

  it('has a module of the workspace to approve, even when user settings name it', () => {
    const [part] = workspaceParts({ ...databaseWith({}, 'user'), connector: './tools/redis.mjs#RedisConnector' });
    assert.equal(part?.value, './tools/redis.mjs#RedisConnector');
  });

  it('shows the calls of both phases and where each part comes from', () => {
    const database = databaseWith({ NAME: 'shop', DUMP_PREFIX: 'nice -n 10' });
    const text = planText({ ...database, keyScopes: { NAME: 'user', DUMP_PREFIX: 'workspace' } }, description);
    assert.match(text, /Set by this workspace\n {2}DUMP_PREFIX = nice -n 10 {4}\(workspace file\)\n\n/);
    assert.match(text, /To back up\n {2}\/usr\/bin\/pg_dump --no-password "two words"\n {4}PGHOST=localhost\n/);
    assert.match(text, /To restore\n {2}\/usr\/bin\/pg_restore /);
    assert.match(text, /NAME = shop {4}\(your user settings\)/);
  });

  it('has no word beyond the edge of an editor', () => {
    const words = Array.from({ length: 40 }, (_, n) => `--word-${n}`);
    const [prefix, long] = [['nice', ...words].join(' '), 'x'.repeat(100)];
    const text = planText(databaseWith({ DUMP_PREFIX: prefix, PG_OPTIONS: `--file=${long} --last` }), {
      ...description,
      dump: [{ ...call, args: [...words, 'a b'] }],
    });
    assert.ok(text.split('\n').every((line) => line.length <= 80 || line.includes(long)));
    for (const whole of [prefix, `/usr/bin/pg_dump ${words.join(' ')} "a b"`, `--file=${long} --last`])
      assert.ok(text.replaceAll(/\n +/g, ' ').includes(whole), whole);
  });

  it('has one line for a value that would pass for several', () => {
    const value = 'nice\nTo restore\n  nothing but this extension';
    const text = planText(databaseWith({ DUMP_PREFIX: value, ENV: { A: value } }), {
      ...description,
      dump: [{ ...call, env: { A: value } }],
    });
    assert.equal(text.split('\n').filter((line) => line.startsWith('To restore')).length, 1);
  });

  it('shows no secret', () => {
    const text = planText(
      databaseWith({
        PASSWORD: 'hunter2',
        HOST: 'mongodb://ada:hunter2@localhost',
        ENV: { AWS_SECRET_ACCESS_KEY: 'hunter2', PGAPPNAME: 'x' },
      }),
      description,
    );
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /mongodb:\/\/ada:\*\*\*@localhost/);
    assert.match(text, /"PGAPPNAME":"x"/);
  });

  it('becomes another plan with one changed character', () => {
    const plan = (keys: Database['keys']): string => hashOf(databaseWith(keys));
    assert.equal(plan({ DUMP_PREFIX: 'nice' }), plan({ DUMP_PREFIX: 'nice' }));
    assert.notEqual(plan({ DUMP_PREFIX: 'nice' }), plan({ DUMP_PREFIX: 'nicE' }));
  });

  it('becomes another plan with one changed character behind a mask, where the workspace sets it', () => {
    const env = (secret: string): Database['keys'] => ({ ENV: { VAULT_TOKEN: secret } });
    const suffix = (secret: string): Database['keys'] => ({ DUMP_SUFFIX: `| curl -T - https://ada:${secret}@example.org` });
    for (const keysWith of [env, suffix]) {
      const [one, other] = [databaseWith(keysWith('hunter2')), databaseWith(keysWith('hunter3'))];
      assert.equal(planText(one, description), planText(other, description));
      assert.equal(hashOf(one), hashOf(databaseWith(keysWith('hunter2'))));
      assert.notEqual(hashOf(one), hashOf(other));
    }
    const user = (secret: string): Database => databaseWith({ ...env(secret), PASSWORD: secret }, 'user');
    assert.equal(hashOf(user('hunter2')), hashOf(user('hunter3')));
  });

  it('is remembered under the user’s own key, so that a secret in it cannot be guessed from what is remembered', () => {
    const database = databaseWith({ ENV: { VAULT_TOKEN: 'hunter2' } });
    assert.notEqual(hashOf(database), planHash(Buffer.alloc(32, 8), database, planText(database, description)));
  });
});
