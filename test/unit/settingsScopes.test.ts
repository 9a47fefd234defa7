import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Scope } from '../../src/core/database.ts';
import { parseSettings } from '../../src/core/settings/parse.ts';
import type { ParsedSettings } from '../../src/core/settings/settings.ts';
import { place, settingsInput } from '../helpers/settings.ts';

type Keys = Readonly<Record<string, unknown>>;
type Place = { readonly databases?: Keys; readonly connectors?: Keys };

const evil = { ENGINE: 'postgresql', NAME: 'shop', USER: 'ada', HOST: 'evil.example.org' };
const mine = {
  ENGINE: 'postgresql',
  NAME: 'shop',
  USER: 'ada',
  HOST: 'db.example.org',
  PASSWORD: 'hunter2',
  ENV: { PGTOKEN: 'hunter2' },
};

/** What the alias `default` becomes when each place says of it what it is given. */
function parse(places: Partial<Record<Scope, Place>>): ParsedSettings {
  const scopes: readonly Scope[] = ['folder', 'workspace', 'user', 'file'];
  const wrap = (keys: Keys | undefined): unknown => (keys === undefined ? undefined : { default: keys });
  const layers = scopes.map((scope) => ({
    scope,
    databases: wrap(places[scope]?.databases),
    connectors: wrap(places[scope]?.connectors),
  }));
  return parseSettings(settingsInput(undefined, undefined, { layers }));
}

function assertNoSecret({ databases }: ParsedSettings): void {
  assert.doesNotMatch(JSON.stringify(databases), /hunter2/);
}

describe('Scopes', () => {
  it('give an alias whole from the narrowest place that defines it', () => {
    const { databases } = parse({
      folder: { databases: { ENGINE: 'sqlite3', NAME: 'a' } },
      workspace: { databases: { ENGINE: 'sqlite3', NAME: 'b', CONNECTOR: 'SqliteCPConnector' } },
      user: { databases: mine },
    });
    assert.equal(databases.length, 1);
    assert.deepEqual(
      [databases[0]?.scope, databases[0]?.connector, databases[0]?.keys],
      ['folder', 'SqliteBackupConnector', { ENGINE: 'sqlite3', NAME: 'a' }],
    );
  });

  it('say of each key where it came from', () => {
    const { databases } = parse({ workspace: { databases: evil }, folder: { connectors: { EXCLUDE: ['log'] } } });
    assert.deepEqual(databases[0]?.keyScopes, {
      ENGINE: 'workspace',
      NAME: 'workspace',
      USER: 'workspace',
      HOST: 'workspace',
      EXCLUDE: 'folder',
    });
  });
});

describe('A workspace can’t borrow a user’s password', () => {
  for (const scope of ['folder', 'workspace'] as const) {
    it(`by setting only the HOST of the same alias (${scope})`, () => {
      assertNoSecret(parse({ [scope]: { databases: { HOST: 'evil.example.org' } }, user: { databases: mine } }));
    });

    it(`by defining the database that the user’s connectors override (${scope})`, () => {
      const parsed = parse({
        [scope]: { databases: evil },
        user: { connectors: { PASSWORD: 'hunter2', ADMIN_PASSWORD: 'hunter2' } },
      });
      assertNoSecret(parsed);
      assert.deepEqual(parsed.problems.filter(({ code }) => code === 'settings.secretNotShared').map(place), [
        'settings.secretNotShared user dbbackup.connectors > default > PASSWORD (key)',
        'settings.secretNotShared user dbbackup.connectors > default > ADMIN_PASSWORD (key)',
      ]);
      assert.equal(parsed.databases.length, 1);
    });

    for (const key of ['ENV', 'DUMP_ENV', 'RESTORE_ENV', 'OPTIONS']) {
      it(`through ${key} of the user’s connectors (${scope})`, () => {
        const parsed = parse({ [scope]: { databases: evil }, user: { connectors: { [key]: { PGPASSWORD: 'hunter2' } } } });
        assertNoSecret(parsed);
        assert.deepEqual(parsed.problems.map(place), [
          `settings.secretNotShared user dbbackup.connectors > default > ${key} (key)`,
        ]);
        assert.equal(parsed.broken.length, 1);
      });
    }

    for (const [key, value] of Object.entries({
      ENGINE: 'mongodb',
      NAME: 'other',
      HOST: 'evil.example.org',
      PORT: 1,
      USER: 'eve',
      CONNECTOR: './evil.mjs#Evil',
      OPTIONS: { host: 'evil.example.org' },
      DUMP_CMD: './evil.sh',
      DUMP_PREFIX: './evil.sh',
      DUMP_SUFFIX: '--host=evil.example.org',
      PG_OPTIONS: '--host=evil.example.org',
      PSQL_CMD: './evil.sh',
      ENV: { PGHOST: 'evil.example.org' },
      RESTORE_ENV: { PGHOST: 'evil.example.org' },
    })) {
      it(`by overriding ${key} of the user’s database (${scope})`, () => {
        assertNoSecret(parse({ [scope]: { connectors: { [key]: value } }, user: { databases: mine } }));
      });
    }
  }

  it('that is part of a URI in HOST', () => {
    const user = { databases: { ENGINE: 'mongodb', NAME: 'shop', HOST: 'mongodb://ada:hunter2@db.example.org' } };
    const parsed = parse({ folder: { connectors: { DUMP_SUFFIX: '--host=evil.example.org' } }, user });
    assertNoSecret(parsed);
    assert.equal(parsed.broken.length, 1);
  });

  it('but the user’s password serves the user’s own database and connectors', () => {
    const { databases, problems } = parse({ user: { databases: evil, connectors: { PASSWORD: 'hunter2' } } });
    assert.equal(databases[0]?.keys['PASSWORD'], 'hunter2');
    assert.deepEqual(problems, []);
  });

  it('but a workspace may say what harms nobody: what to leave out and how to restore', () => {
    const { databases, problems } = parse({
      folder: { connectors: { EXCLUDE: ['log'], DROP: false, JOBS: 2, SCHEMAS: ['public'], EXTENSION: 'dmp' } },
      user: { databases: mine },
    });
    assert.equal(databases[0]?.keys['PASSWORD'], 'hunter2');
    assert.deepEqual(problems, []);
  });

  it('but its own password stays in use beneath one that is withheld', () => {
    const { databases } = parse({
      folder: { databases: { ...evil, PASSWORD: 'own' } },
      user: { connectors: { PASSWORD: 'hunter2' } },
    });
    assert.equal(databases[0]?.keys['PASSWORD'], 'own');
  });

  it('but the user may say that there is none', () => {
    const { databases, problems } = parse({ folder: { databases: evil }, user: { connectors: { PASSWORD: null } } });
    assert.equal(databases[0]?.keys['PASSWORD'], null);
    assert.deepEqual(problems, []);
  });
});
