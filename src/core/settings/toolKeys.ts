import type { KeyFacts, Keys } from './keyFacts.ts';

const environmentExample = { PGSSLMODE: 'require' };

/** Keys of every connector that runs a tool. */
export const commandKeys: Keys = new Map<string, KeyFacts>([
  [
    'DUMP_CMD',
    {
      type: 'words',
      markdown:
        'The program that makes dumps, with flags if need be: a text that is split like words of a shell, or a list. Left out, it is looked up in `dbbackup.tools` and on PATH.',
      examples: ['/opt/pgsql/bin/pg_dump', ['pg_dump', '--verbose']],
    },
  ],
  [
    'RESTORE_CMD',
    {
      type: 'words',
      markdown: 'The program that restores dumps, written like DUMP_CMD.',
      examples: ['/opt/pgsql/bin/pg_restore'],
    },
  ],
  [
    'DUMP_PREFIX',
    {
      type: 'text',
      markdown: 'Words before the program that makes dumps, such as `nice -n 10` or `docker compose exec -T db`.',
      examples: ['nice -n 10', 'docker compose exec -T db'],
    },
  ],
  ['RESTORE_PREFIX', { type: 'text', markdown: 'Words before the program that restores dumps.', examples: ['nice -n 10'] }],
  [
    'DUMP_SUFFIX',
    {
      type: 'text',
      markdown:
        'Words after the program’s own arguments. What follows a `|` is a further program that the dump runs through. No shell is started, so redirections, `;`, `&&` and `$( )` do not work.',
      examples: ['--verbose', '| pv -q -L 10m'],
    },
  ],
  [
    'RESTORE_SUFFIX',
    {
      type: 'text',
      markdown: 'Words after the arguments of the program that restores, written like DUMP_SUFFIX.',
      examples: ['--verbose'],
    },
  ],
  [
    'ENV',
    {
      type: 'texts',
      markdown: 'Environment variables for every program that works on this database. They win over those that we set.',
      default: {},
      examples: [environmentExample],
    },
  ],
  [
    'DUMP_ENV',
    { type: 'texts', markdown: 'Environment variables for dumps only, over ENV.', default: {}, examples: [environmentExample] },
  ],
  [
    'RESTORE_ENV',
    {
      type: 'texts',
      markdown: 'Environment variables for restores only, over ENV.',
      default: {},
      examples: [environmentExample],
    },
  ],
  [
    'USE_PARENT_ENV',
    {
      type: 'flag',
      markdown:
        'Whether programs inherit the environment of VS Code. `false` leaves them ENV, DUMP_ENV or RESTORE_ENV, and what the connector itself sets.',
      default: true,
    },
  ],
]);

/** Keys of the three PostgreSQL connectors. */
export const postgresqlKeys: Keys = new Map<string, KeyFacts>([
  [
    'SINGLE_TRANSACTION',
    {
      type: 'flag',
      markdown: 'Restores in one transaction, so that an error leaves the database as it was.',
      default: true,
    },
  ],
  ['DROP', { type: 'flag', markdown: 'A restore drops the objects of the dump before it makes them anew.', default: true }],
  ['IF_EXISTS', { type: 'flag', markdown: 'Together with DROP: an object that is not there is no error.', default: true }],
  ['PSQL_CMD', { type: 'words', markdown: 'The `psql` program, written like DUMP_CMD.', default: 'psql' }],
  [
    'ADMIN_USER',
    {
      type: 'text',
      markdown: 'The role that may create the `postgis` extension for PgDumpGisConnector. Left out, USER does it.',
      examples: ['postgres'],
    },
  ],
  ['ADMIN_PASSWORD', { type: 'textOrNull', markdown: 'The password of ADMIN_USER.', examples: ['${env:ADMIN_PASSWORD}'] }],
  [
    'SCHEMAS',
    {
      type: 'names',
      markdown: 'Dumps only these schemas. Left out, all but the system’s own. Has no effect on restoring plain SQL.',
      examples: [['public']],
    },
  ],
]);

/** Keys of PgDumpBinaryConnector, whose dumps `pg_restore` reads. */
export const pgRestoreKeys: Keys = new Map<string, KeyFacts>([
  [
    'JOBS',
    {
      type: 'count',
      markdown:
        'How many tables `pg_restore` restores at a time. More than one is faster and not one transaction: a failed restore is rolled back from the safety dump.',
      default: 1,
      examples: [4],
    },
  ],
  ['PG_OPTIONS', { type: 'words', markdown: 'Extra words for `pg_restore`.', examples: ['--no-owner --no-acl'] }],
]);

/** Keys of both MongoDB connectors. */
export const mongodbKeys: Keys = new Map<string, KeyFacts>([
  ['AUTH_SOURCE', { type: 'text', markdown: 'The database in which USER is known.', examples: ['admin'] }],
  ['DROP', { type: 'flag', markdown: 'A restore drops each collection of the dump before it fills it.', default: true }],
]);

/** Keys of MongoDumpConnector alone. */
export const mongorestoreKeys: Keys = new Map<string, KeyFacts>([
  ['OBJECT_CHECK', { type: 'flag', markdown: 'Checks every document before it is inserted.', default: true }],
]);
