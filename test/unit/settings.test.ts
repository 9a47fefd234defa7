import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { problemCodes } from '../../src/core/settings/problem.ts';
import { parseFolders, parseSettings } from '../../src/core/settings/parse.ts';
import { settingsOfFile } from '../../src/core/settings/settingsFile.ts';
import type { ParsedSettings } from '../../src/core/settings/settings.ts';
import { place, settingsInput } from '../helpers/settings.ts';

const sqlite = { ENGINE: 'sqlite3', NAME: 'db.sqlite3' };
const postgres = { ENGINE: 'postgresql', NAME: 'shop', USER: 'ada', HOST: 'db.example.org', PORT: '5433' };
const seen = new Set<string>();

function parse(...given: Parameters<typeof settingsInput>): ParsedSettings {
  const parsed = parseSettings(settingsInput(...given));
  for (const { code } of parsed.problems) seen.add(code);
  return parsed;
}

function places(...given: Parameters<typeof settingsInput>): readonly string[] {
  return parse(...given).problems.map(place);
}

describe('The settings', () => {
  it('take a Django block as it is', () => {
    const { databases, problems } = parse({
      default: {
        ENGINE: 'django.db.backends.postgresql',
        NAME: 'shop',
        USER: 'ada',
        PASSWORD: 'pw',
        HOST: '',
        PORT: '',
        ATOMIC_REQUESTS: false,
        CONN_MAX_AGE: 60,
        TIME_ZONE: null,
        OPTIONS: { sslmode: 'require' },
        TEST: { NAME: 'test_shop' },
      },
    });
    assert.deepEqual(problems, []);
    assert.equal(databases[0]?.connector, 'PgDumpBinaryConnector');
    assert.deepEqual(databases[0].target, {
      kind: 'server',
      engine: 'postgresql',
      host: 'localhost',
      port: 5432,
      database: 'shop',
    });
    assert.equal(databases[0].keys['TEST'], undefined);
  });

  it('resolve the path of a SQLite file from the workspace folder on', () => {
    const target = (name: string): unknown => parse({ default: { ...sqlite, NAME: name } }).databases[0]?.target;
    assert.deepEqual(target('data/../db.sqlite3'), { kind: 'file', engine: 'sqlite', path: '/ws/shop/db.sqlite3' });
    assert.deepEqual(target('/srv/db.sqlite3'), { kind: 'file', engine: 'sqlite', path: '/srv/db.sqlite3' });
    assert.deepEqual(target(':memory:'), { kind: 'file', engine: 'sqlite', path: ':memory:' });
  });

  it('expand variables in every text, however deep', () => {
    const { databases, dumps, problems } = parse(
      {
        default: {
          ...postgres,
          NAME: '${env:DB_NAME}',
          ENV: { CERT: '${userHome}/cert' },
          DUMP_CMD: ['${workspaceFolder}/x', '${workspaceFolder:shop}'],
        },
      },
      undefined,
      { set: { dumpDirectory: '${workspaceFolder}/kept' } },
    );
    assert.deepEqual(problems, []);
    assert.equal(databases[0]?.keys['NAME'], 'shop_from_env');
    assert.deepEqual(databases[0].keys['ENV'], { CERT: '/home/ada/cert' });
    assert.deepEqual(databases[0].keys['DUMP_CMD'], ['/ws/shop/x', '/ws/shop']);
    assert.equal(dumps.directory, '/ws/shop/kept');
  });

  it('take an empty environment variable for a value, and one that is not set for a problem', () => {
    assert.deepEqual(places({ default: { ...postgres, USER: '${env:EMPTY}' } }), []);
    assert.deepEqual(places({ default: { ...postgres, NAME: '${env:NOWHERE}' } }), [
      'settings.variableUnset folder dbbackup.databases > default > NAME (value)',
    ]);
    assert.deepEqual(places({ default: { ...postgres, ENV: { A: '${workspaceFolder:none}' } } }), [
      'settings.variableUnset folder dbbackup.databases > default > ENV > A (value)',
    ]);
  });

  it('refuse a variable that they do not expand, but leave passwords alone', () => {
    assert.deepEqual(places({ default: { ...sqlite, NAME: '${workspaceRoot}/db' } }), [
      'settings.variableUnknown folder dbbackup.databases > default > NAME (value)',
    ]);
    const { databases } = parse({ default: { ...postgres, PASSWORD: 'a${b}c' } });
    assert.equal(databases[0]?.keys['PASSWORD'], 'a${b}c');
  });

  it('refuse a way to encrypt that the engine does not have, and leave all else in OPTIONS alone', () => {
    const mysql = { ...postgres, ENGINE: 'mysql' };
    for (const good of [
      { ...postgres, OPTIONS: { sslmode: 'verify-full', ssl_mode: 'x', service: 'x' } },
      { ...mysql, OPTIONS: { ssl_mode: 'VERIFY_CA', sslmode: 'x', ssl: { ca: '/ca.pem' } } },
      { ...postgres, OPTIONS: { sslmode: null } },
      { ...sqlite, OPTIONS: { sslmode: 'x' } },
    ])
      assert.deepEqual(places({ default: good }), []);
    for (const [engine, word] of [
      [postgres, 'sslmode'],
      [mysql, 'ssl_mode'],
    ] as const)
      assert.deepEqual(places({ default: { ...engine, OPTIONS: { [word]: 'required' } } }), [
        `settings.wrongValue folder dbbackup.databases > default > OPTIONS > ${word} (value)`,
      ]);
  });

  it('D10: name a mistyped key at the key, with the key that was meant', () => {
    const { problems, databases, broken } = parse({ default: { ...postgres, DUMP_CMMD: 'x' }, other: sqlite });
    assert.deepEqual(problems.map(place), ['settings.unknownKey folder dbbackup.databases > default > DUMP_CMMD (key)']);
    assert.deepEqual(problems[0]?.fix, { kind: 'replaceKey', title: 'Change to DUMP_CMD', key: 'DUMP_CMD' });
    assert.deepEqual(
      databases.map(({ alias }) => alias),
      ['other'],
    );
    assert.equal(broken[0]?.problem, problems[0]);
    assert.equal(broken[0].engine, 'postgresql');
  });

  it('say once what one slip breaks', () => {
    assert.deepEqual(places({ default: { ENGIN: 'sqlite3', NAME: 'db' } }), [
      'settings.unknownKey folder dbbackup.databases > default > ENGIN (key)',
    ]);
    assert.deepEqual(places({ default: { ENGINE: 'sqlite3', NAMED: 'db' } }), [
      'settings.unknownKey folder dbbackup.databases > default > NAMED (key)',
    ]);
    assert.deepEqual(places({ default: { ENGINE: 3, NAME: 'db' } }), [
      'settings.wrongType folder dbbackup.databases > default > ENGINE (value)',
    ]);
    assert.deepEqual(places({ default: { ENGINE: 'postgresql', NAME: '${env:NOWHERE}', PORT: 'many' } }), [
      'settings.variableUnset folder dbbackup.databases > default > NAME (value)',
      'settings.wrongValue folder dbbackup.databases > default > PORT (value)',
    ]);
  });

  it('only warn about a key that nobody knows and about keys of other connectors', () => {
    const { problems, databases } = parse({ default: { ...sqlite, COLOUR: 'blue', JOBS: 4, SCHEMAS: [] } });
    assert.deepEqual(problems.map(place), [
      'settings.unknownKey folder dbbackup.databases > default > COLOUR (key)',
      'settings.unusedKey folder dbbackup.databases > default > JOBS (key)',
    ]);
    assert.ok(problems.every(({ severity }) => severity === 'warning'));
    assert.equal(databases.length, 1);
  });

  it('D9: warn that the connectors that copy a whole SQLite file leave no table out', () => {
    for (const CONNECTOR of ['SqliteBackupConnector', 'SqliteCPConnector']) {
      assert.deepEqual(places({ default: { ...sqlite, CONNECTOR, EXCLUDE: ['log'] } }), [
        'settings.unusedKey folder dbbackup.databases > default > EXCLUDE (key)',
      ]);
    }
    assert.deepEqual(places({ default: { ...sqlite, CONNECTOR: 'SqliteConnector', EXCLUDE: ['log'] } }), []);
  });

  it('name the place of a value of the wrong type', () => {
    assert.deepEqual(places({ default: { ...postgres, EXCLUDE: 'log', DROP: 'yes', ENV: { A: 1 }, JOBS: 0 } }), [
      'settings.wrongType folder dbbackup.databases > default > EXCLUDE (value)',
      'settings.wrongType folder dbbackup.databases > default > DROP (value)',
      'settings.wrongType folder dbbackup.databases > default > ENV > A (value)',
      'settings.wrongType folder dbbackup.databases > default > JOBS (value)',
    ]);
    assert.deepEqual(places({ default: { ...postgres, EXCLUDE: ['a', 2] } }), [
      'settings.wrongType folder dbbackup.databases > default > EXCLUDE > 1 (value)',
    ]);
    assert.deepEqual(places({ default: 'db.sqlite3', '': sqlite }), [
      'settings.wrongType folder dbbackup.databases > default (value)',
      'settings.wrongValue folder dbbackup.databases >  (key)',
    ]);
    assert.deepEqual(places('db.sqlite3', 3), [
      'settings.wrongType folder dbbackup.databases (value)',
      'settings.wrongType folder dbbackup.connectors (value)',
    ]);
  });

  it('ask for what is missing', () => {
    assert.deepEqual(
      places({ a: { NAME: 'db' }, b: { ENGINE: 'mysql' }, c: { ...sqlite, NAME: '' }, d: { ...sqlite, NAME: 'file:x?mode=ro' } }),
      [
        'settings.missingKey folder dbbackup.databases > a (key)',
        'settings.missingKey folder dbbackup.databases > b (key)',
        'settings.missingKey folder dbbackup.databases > c > NAME (value)',
        'settings.wrongValue folder dbbackup.databases > d > NAME (value)',
      ],
    );
  });

  it('put `connectors` over `databases` key by key', () => {
    const { databases } = parse({ default: postgres }, { default: { HOST: 'replica', USER: 'backup', EXCLUDE: ['log'] } });
    const [database] = databases;
    assert.deepEqual(database?.target, { kind: 'server', engine: 'postgresql', host: 'replica', port: 5433, database: 'shop' });
    assert.deepEqual([database.keys['USER'], database.keys['NAME'], database.keys['EXCLUDE']], ['backup', 'shop', ['log']]);
  });

  it('S12: honour a NAME that `connectors` overrides', () => {
    const { databases } = parse({ default: sqlite }, { default: { NAME: 'copy.sqlite3' } });
    assert.deepEqual(databases[0]?.target, { kind: 'file', engine: 'sqlite', path: '/ws/shop/copy.sqlite3' });
  });

  it('name an alias of `connectors` that is no database, except in user settings', () => {
    assert.deepEqual(places({ default: sqlite }, { defalt: { NAME: 'x' } }), [
      'settings.unknownAlias folder dbbackup.connectors > defalt (key)',
    ]);
    const layers = [
      { scope: 'folder', databases: { default: sqlite }, connectors: undefined },
      { scope: 'user', databases: undefined, connectors: { elsewhere: { NAME: 'x' } } },
    ] as const;
    assert.deepEqual(places(undefined, undefined, { layers }), []);
  });

  it('refuse what only a shell understands', () => {
    const mistakes = (key: string, value: string): number => parse({ default: { ...postgres, [key]: value } }).problems.length;
    for (const value of [
      '> file',
      '2>&1',
      'a < b',
      'a; b',
      'a && b',
      'a || b',
      'a &',
      '`id`',
      '$(id)',
      "'open",
      '| gzip |',
      'a >> b',
    ]) {
      assert.equal(mistakes('DUMP_SUFFIX', value), 1, value);
    }
    for (const value of ['--verbose', '| gzip -9 | cat', '\'a;b\' "c>d" e\\;f', '--where=a1', '']) {
      assert.equal(mistakes('DUMP_SUFFIX', value), 0, value);
    }
    assert.equal(mistakes('DUMP_PREFIX', 'nice -n 10'), 0);
    assert.equal(mistakes('DUMP_PREFIX', 'cat |'), 1);
    assert.deepEqual(places({ default: { ...postgres, RESTORE_SUFFIX: 'x; y' } }), [
      'settings.shellSyntax folder dbbackup.databases > default > RESTORE_SUFFIX (value)',
    ]);
  });

  it('refuse keys that can’t be meant together, once, wherever they stand', () => {
    const jobs = { JOBS: 4, SINGLE_TRANSACTION: true };
    assert.deepEqual(places({ default: { ...postgres, ...jobs } }), [
      'settings.combination folder dbbackup.databases > default > JOBS (value)',
    ]);
    assert.deepEqual(places({ default: { ...postgres, SINGLE_TRANSACTION: true } }, { default: { JOBS: 2 } }), [
      'settings.combination folder dbbackup.connectors > default > JOBS (value)',
    ]);
    assert.deepEqual(places({ default: { ...postgres, JOBS: 4, DROP: false } }), []);
    assert.deepEqual(places({ default: { ENGINE: 'mongodb', NAME: 'x', HOST: 'mongodb://h', PORT: 1 } }), [
      'settings.combination folder dbbackup.databases > default > PORT (value)',
    ]);
  });

  it('warn of a password in a URI, which secret storage cannot keep', () => {
    const at = 'settings.combination folder dbbackup.databases > default > HOST (value)';
    const placesOf = (HOST: string): unknown => places({ default: { ENGINE: 'mongodb', NAME: 'x', HOST } });
    assert.deepEqual(placesOf('mongodb://ada:p%40ss@db.example.org/?tls=true'), [at]);
    assert.deepEqual(placesOf('mongodb://ada@db.example.org/?x=a:b@c'), []);
  });

  it('take host and port of a URI for the target, and nothing secret', () => {
    const target = (HOST: string): unknown => parse({ default: { ENGINE: 'mongodb', NAME: 'shop', HOST } }).databases[0]?.target;
    const server = { kind: 'server', engine: 'mongodb', database: 'shop' };
    assert.deepEqual(target('mongodb://ada:p%40ss@db.example.org:27018/?tls=true'), {
      ...server,
      host: 'db.example.org',
      port: 27_018,
    });
    assert.deepEqual(target('mongodb+srv://ada:pw@cluster.example.org'), {
      ...server,
      host: 'cluster.example.org',
      port: 27_017,
    });
    assert.deepEqual(target('mongodb://a:1,b:2/'), { ...server, host: 'a:1,b:2', port: 27_017 });
  });

  it('give each simple setting its default, and in the place of a wrong value too', () => {
    const defaults = parse({}).dumps;
    assert.deepEqual(defaults, {
      folder: '/ws/shop',
      directory: '/ws/shop/backups',
      filenameTemplate: '{databasename}-{servername}-{datetime}.{extension}',
      dateFormat: '%Y-%m-%d-%H%M%S',
      hostname: 'laptop',
      compression: 'none',
      verification: 'quick',
      cleanupKeep: 10,
      safetyBackup: true,
    });
    const wrong = {
      dumpDirectory: 1,
      filenameTemplate: '{who}',
      dateFormat: '%!',
      hostname: {},
      compression: 'rar',
      verification: 'none',
      cleanupKeep: 0,
      safetyBackup: 'no',
    };
    const parsed = parse({}, undefined, { set: wrong });
    assert.deepEqual(parsed.dumps, defaults);
    assert.deepEqual(
      parsed.problems.map(({ path }) => path[0]).sort(),
      Object.keys(wrong)
        .map((name) => `dbbackup.${name}`)
        .sort(),
    );
  });

  it('keep dumps in the workspace, unless user settings say otherwise', () => {
    const outside = (directory: string): readonly string[] => places({}, undefined, { set: { dumpDirectory: directory } });
    assert.deepEqual(outside('../elsewhere'), ['settings.outsideWorkspace folder dbbackup.dumpDirectory (value)']);
    assert.deepEqual(outside('/ws/shopping'), ['settings.outsideWorkspace folder dbbackup.dumpDirectory (value)']);
    assert.deepEqual(outside('.'), ['settings.wrongValue folder dbbackup.dumpDirectory (value)']);
    assert.deepEqual(outside('..dumps'), []);
    const values = { dumpDirectory: { scope: 'user', value: '/srv/dumps' } } as const;
    assert.equal(parse({}, undefined, { values }).dumps.directory, '/srv/dumps');
  });

  it('say where zstd is missing', () => {
    const { dumps, problems } = parse({}, undefined, { set: { compression: 'zstd' }, hasZstd: false });
    assert.deepEqual(problems.map(place), ['settings.zstdMissing folder dbbackup.compression (value)']);
    assert.equal(dumps.compression, 'none');
    assert.equal(parse({}, undefined, { set: { compression: 'zstd' } }).dumps.compression, 'zstd');
  });

  it('never throw, whatever they hold', () => {
    const odd: readonly unknown[] = [
      null,
      0,
      '',
      [],
      [[]],
      { '': {} },
      { a: null },
      { a: [] },
      { __proto__: sqlite },
      JSON.parse('{"__proto__":{"ENGINE":1}}'),
    ];
    for (const databases of odd) {
      for (const connectors of odd) {
        const set = { connectorMapping: databases, tools: connectors, dumpDirectory: databases, cleanupKeep: connectors };
        assert.doesNotThrow(() => parse(databases, connectors, { set }));
      }
    }
    for (const key of ['ENGINE', 'NAME', 'PORT', 'HOST', 'CONNECTOR', 'ENV', 'EXCLUDE', 'JOBS', 'PASSWORD']) {
      for (const value of [null, 0, '', [], {}, [null], { a: null }, '\0', true]) {
        const { databases, broken } = parse({ default: { ...postgres, [key]: value } });
        assert.equal(databases.length + broken.length, 1, `${key} ${JSON.stringify(value)}`);
      }
    }
  });

  it('survive a value that is nested without end', () => {
    let value: unknown = '${env:NOWHERE}';
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    assert.doesNotThrow(() => parse({ default: { ...postgres, NAME: value, OPTIONS: { value } } }));
  });

  it('show an alias of wider settings under one folder only, with its problems', () => {
    const layersOf = (databases: unknown): Parameters<typeof settingsInput>[2] => ({
      layers: [
        { scope: 'folder', databases, connectors: undefined },
        { scope: 'workspace', databases: { shared: { ...sqlite, COLOUR: 1 }, one: sqlite }, connectors: { three: {}, two: {} } },
      ],
      folders: [
        { name: 'a', path: '/ws/a' },
        { name: 'b', path: '/ws/b' },
      ],
    });
    const folders = parseFolders([
      settingsInput(undefined, undefined, { ...layersOf({ one: sqlite }), folder: '/ws/a' }),
      settingsInput(undefined, undefined, { ...layersOf({ two: sqlite, one: { ...sqlite, NAMES: 1 } }), folder: '/ws/b' }),
    ]);
    assert.deepEqual(
      folders.map(({ aliases }) => aliases),
      [
        ['one', 'shared'],
        ['two', 'one'],
      ],
    );
    assert.deepEqual(
      folders.map(({ problems }) => problems.map(place)),
      [
        [
          'settings.unknownKey workspace dbbackup.databases > shared > COLOUR (key)',
          'settings.unknownAlias workspace dbbackup.connectors > three (key)',
        ],
        ['settings.unknownKey folder dbbackup.databases > one > NAMES (key)'],
      ],
    );
  });

  it('are read from a file with machine settings only where the file was named', () => {
    const json = {
      'dbbackup.databases': { default: sqlite },
      'dbbackup.dumpDirectory': '/srv',
      'dbbackup.tools': { pg_dump: '/x/pg_dump' },
      'editor.tabSize': 2,
    };
    const named = parse(undefined, undefined, settingsOfFile(json, 'file'));
    assert.deepEqual(
      [named.tools, named.dumps.directory, named.databases[0]?.scope],
      [{ pg_dump: '/x/pg_dump' }, '/srv', 'file'],
    );
    const found = parse(undefined, undefined, settingsOfFile(json, 'folder'));
    assert.deepEqual(found.tools, {});
    assert.deepEqual(found.problems.map(place), ['settings.outsideWorkspace folder dbbackup.dumpDirectory (value)']);
    assert.deepEqual(parse(undefined, undefined, settingsOfFile('nonsense', 'file')).aliases, []);
  });

  it('have no message or hint of more than one sentence', () => {
    const { problems } = parse({
      default: { ...postgres, DUMP_CMMD: 1, EXCLUDE: 1, JOBS: 2, SINGLE_TRANSACTION: true, DUMP_SUFFIX: '>x' },
    });
    for (const { message, hint } of problems) {
      assert.match(message, /^[^.]*(\.\w[^.]*)*\.$/);
      assert.match(hint, /[.?]$/);
    }
  });

  it('never show a value that may be secret', () => {
    const secret = {
      default: { ...postgres, PASSWORD: ['hunter2'], ADMIN_PASSWORD: 5, ENV: { TOKEN: ['hunter2'] }, DUMP_SUFFIX: 'hunter2 ;' },
    };
    assert.doesNotMatch(JSON.stringify(parse(secret).problems), /hunter2/);
  });
});

describe('Every code of a problem', () => {
  it('is produced by these tests', () => {
    parse({ default: { ENGINE: 'sqlit3', NAME: 'x' } });
    parse({ default: { ...sqlite, CONNECTOR: 'SqliteBackupConector' }, other: { ...sqlite, CONNECTOR: 'PgDumpConnector' } });
    parse({ default: sqlite }, undefined, {
      layers: [
        { scope: 'folder', databases: { default: postgres }, connectors: undefined },
        { scope: 'user', databases: undefined, connectors: { default: { PASSWORD: 'x' } } },
      ],
    });
    assert.deepEqual(
      problemCodes.filter((code) => !seen.has(code)),
      [],
    );
  });
});
