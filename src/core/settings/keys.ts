import type { ConnectorFacts, Family, KeyGroup } from '../engines.ts';
import { connectors } from '../engines.ts';
import type { KeyFacts, Keys } from './keyFacts.ts';
import { joinKeys } from './keyFacts.ts';
import { commandKeys, mongodbKeys, mongorestoreKeys, pgRestoreKeys, postgresqlKeys } from './toolKeys.ts';

const serverKeys: Keys = new Map<string, KeyFacts>([
  ['USER', { type: 'text', markdown: 'The role or user to connect as.', examples: ['backup'] }],
  [
    'PASSWORD',
    {
      type: 'textOrNull',
      markdown:
        'The password. Left out, it comes from secret storage, or from the tool’s own file such as `.pgpass`. `null` says that there is none. `${env:NAME}` keeps it out of the file.',
      examples: ['${env:DB_PASSWORD}', null],
    },
  ],
  [
    'HOST',
    {
      type: 'text',
      markdown:
        'The server’s name or address; a path such as `/run/postgresql` is a socket. MongoDB takes a whole `mongodb://` URI too.',
      default: 'localhost',
      examples: ['localhost', 'db.example.org'],
    },
  ],
]);

const ports: ReadonlyMap<Family, number> = new Map([
  ['mysql', 3306],
  ['postgresql', 5432],
  ['mongodb', 27_017],
]);

/** The port of a family of servers where PORT is left out; 0 where there is none to assume. */
export function defaultPort(family: Family): number {
  return ports.get(family) ?? 0;
}

const djangoNames = [
  'ATOMIC_REQUESTS',
  'AUTOCOMMIT',
  'CLIENT',
  'CONN_HEALTH_CHECKS',
  'CONN_MAX_AGE',
  'DISABLE_SERVER_SIDE_CURSORS',
  'ENFORCE_SCHEMA',
  'TEST',
  'TIME_ZONE',
];

/** Keys of a Django project that may stand beside ours, so that its `DATABASES` can be pasted in. */
export const djangoKeys: Keys = new Map<string, KeyFacts>([
  [
    'OPTIONS',
    {
      type: 'object',
      markdown:
        'Options of Django’s database driver. Those for encryption count, for programs too: `sslmode`, `sslrootcert`, `sslcert` and `sslkey` for PostgreSQL; `ssl` with `ca`, `cert` and `key`, and `ssl_mode` for MySQL. A relative path starts at the workspace folder. All others are accepted as they are; options of a program go into DUMP_SUFFIX or DUMP_ENV.',
      examples: [
        { sslmode: 'verify-full', sslrootcert: '${workspaceFolder}/ca.pem' },
        { ssl: { ca: '${workspaceFolder}/ca.pem' }, ssl_mode: 'VERIFY_IDENTITY' },
      ],
    },
  ],
  ...djangoNames.map((name): [string, KeyFacts] => [
    name,
    { type: 'anything', markdown: 'A setting of Django. Accepted, and not used for backups.' },
  ]),
]);

const excludeKeys: Keys = new Map<string, KeyFacts>([
  [
    'EXCLUDE',
    {
      type: 'names',
      markdown:
        'Tables (collections, models) to leave out of dumps. PostgreSQL keeps their structure and leaves out the rows; the others leave them out whole. A name that matches nothing is a warning before the dump. For SQLite it needs SqliteConnector.',
      default: [],
      examples: [['django_session']],
    },
  ],
]);

const jsonKeys: Keys = new Map<string, KeyFacts>([
  [
    'MERGE',
    {
      type: 'flag',
      markdown:
        'What a restore does with rows that are already there: `false` empties the dumped tables first, `true` inserts or updates by primary key and leaves other rows.',
      default: false,
    },
  ],
]);

const groups: Readonly<Record<KeyGroup, Keys>> = {
  exclude: excludeKeys,
  command: commandKeys,
  postgresql: postgresqlKeys,
  pgRestore: pgRestoreKeys,
  mongodb: mongodbKeys,
  mongorestore: mongorestoreKeys,
  json: jsonKeys,
};

/** The keys that every database of a family has, with the defaults of a connector: the family's own where none is given. */
export function familyKeys(family: Family, connector?: ConnectorFacts): Keys {
  const own = connectors.filter((candidate) => candidate.family === family || candidate.family === undefined);
  const extension = (connector ?? own[0])?.extension;
  return new Map<string, KeyFacts>([
    ['NAME', nameKey(family)],
    ...(family === 'sqlite' ? [] : [...serverKeys, ['PORT', portKey(family)] as const]),
    [
      'CONNECTOR',
      {
        type: 'text',
        markdown:
          'How dumps are made and restored: a connector’s name, its dotted path, or a module of the workspace such as `./tools/redis.mjs#RedisConnector`. Left out, `dbbackup.connectorMapping` and then ENGINE decide.',
        choices: own.map(({ name, summary }) => ({ value: name, markdown: summary })),
      },
    ],
    [
      'EXTENSION',
      {
        type: 'text',
        markdown: 'How the names of dumps end. Only a name: a dump is read by its content.',
        ...(extension === undefined ? {} : { default: extension }),
      },
    ],
  ]);
}

/** The keys that a connector reads beside those of its database's family. */
export function connectorKeys(connector: ConnectorFacts): Keys {
  return joinKeys(connector.keys.map((group) => groups[group]));
}

/** Every key that one of the family's own connectors reads, with those of the family. */
export function allKeysOf(family: Family): Keys {
  const own = connectors.filter((connector) => (connector.family ?? 'other') === family);
  return joinKeys([familyKeys(family), ...own.map(connectorKeys)]);
}

function nameKey(family: Family): KeyFacts {
  return family === 'sqlite'
    ? {
        type: 'text',
        markdown: 'The database file. A relative path starts at the workspace folder.',
        examples: ['db.sqlite3', '${workspaceFolder}/data/shop.db'],
      }
    : { type: 'text', markdown: 'The database’s name on its server.', examples: ['shop'] };
}

function portKey(family: Family): KeyFacts {
  const port = ports.get(family);
  const markdown = 'The server’s port, as a number or as text.';
  return port === undefined ? { type: 'port', markdown } : { type: 'port', markdown, default: port };
}
