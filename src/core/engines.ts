/** Families of databases, as `Database.engine` names them. `other` is every engine without a connector of its own. */
export const families = ['sqlite', 'mysql', 'postgresql', 'mongodb', 'other'] as const;

export type Family = (typeof families)[number];

/** An engine: `names` are all accepted spellings, the short ones first. */
interface Engine {
  readonly family: Family;
  readonly connector: string;
  readonly names: readonly string[];
}

const engines: readonly Engine[] = [
  {
    family: 'sqlite',
    connector: 'SqliteBackupConnector',
    names: [
      'sqlite3',
      'django.db.backends.sqlite3',
      'django_prometheus.db.backends.sqlite3',
      'django.contrib.gis.db.backends.spatialite',
    ],
  },
  {
    family: 'mysql',
    connector: 'MysqlDumpConnector',
    names: [
      'mysql',
      'mariadb',
      'django.db.backends.mysql',
      'django_prometheus.db.backends.mysql',
      'django.contrib.gis.db.backends.mysql',
    ],
  },
  {
    family: 'postgresql',
    connector: 'PgDumpBinaryConnector',
    names: [
      'postgresql',
      'django.db.backends.postgresql',
      'django.db.backends.postgresql_psycopg2',
      'django_prometheus.db.backends.postgresql',
    ],
  },
  {
    family: 'postgresql',
    connector: 'PgDumpGisConnector',
    names: ['postgis', 'django.contrib.gis.db.backends.postgis', 'django_prometheus.db.backends.postgis'],
  },
  {
    family: 'mongodb',
    connector: 'MongoDumpConnector',
    names: ['mongodb', 'django_mongodb_engine', 'djongo', 'django_mongodb_backend'],
  },
];

/** Which keys beside the connection's a connector reads. */
export type KeyGroup = 'exclude' | 'command' | 'postgresql' | 'pgRestore' | 'mongodb' | 'mongorestore' | 'json';

/**
 * What is known of a connector without loading it.
 *
 * Shape: `family` is undefined where a connector serves any engine; `module` is the part of its dotted path before its name;
 * `extension` is the default of EXTENSION.
 */
export interface ConnectorFacts {
  readonly name: string;
  readonly module: string;
  readonly family: Family | undefined;
  readonly keys: readonly KeyGroup[];
  readonly extension: string;
  readonly summary: string;
}

/** Every connector that ships with the product. */
export const connectors: readonly ConnectorFacts[] = [
  {
    name: 'SqliteBackupConnector',
    module: 'dbbackup.db.sqlite',
    family: 'sqlite',
    keys: [],
    extension: 'sqlite3',
    summary: 'Copies the database through SQLite itself, safely while it is in use. The default for SQLite.',
  },
  {
    name: 'SqliteConnector',
    module: 'dbbackup.db.sqlite',
    family: 'sqlite',
    keys: ['exclude'],
    extension: 'dump',
    summary: 'Writes SQL text that any SQLite reads, and can leave tables out.',
  },
  {
    name: 'SqliteCPConnector',
    module: 'dbbackup.db.sqlite',
    family: 'sqlite',
    keys: [],
    extension: 'dump',
    summary: 'Copies the bytes of a database file that nobody is writing to.',
  },
  {
    name: 'MysqlDumpConnector',
    module: 'dbbackup.db.mysql',
    family: 'mysql',
    keys: ['command', 'exclude'],
    extension: 'dump',
    summary: 'Runs mysqldump and mysql, or their MariaDB counterparts. The default for MySQL and MariaDB.',
  },
  {
    name: 'PgDumpBinaryConnector',
    module: 'dbbackup.db.postgresql',
    family: 'postgresql',
    keys: ['command', 'exclude', 'postgresql', 'pgRestore'],
    extension: 'psql.bin',
    summary: 'Runs pg_dump in its custom format, and pg_restore. The default for PostgreSQL.',
  },
  {
    name: 'PgDumpConnector',
    module: 'dbbackup.db.postgresql',
    family: 'postgresql',
    keys: ['command', 'exclude', 'postgresql'],
    extension: 'psql',
    summary: 'Writes SQL text with pg_dump and restores it with psql.',
  },
  {
    name: 'PgDumpGisConnector',
    module: 'dbbackup.db.postgresql',
    family: 'postgresql',
    keys: ['command', 'exclude', 'postgresql'],
    extension: 'psql',
    summary: 'As PgDumpConnector, and makes sure before a restore that the target has PostGIS. The default for PostGIS.',
  },
  {
    name: 'MongoDumpConnector',
    module: 'dbbackup.db.mongodb',
    family: 'mongodb',
    keys: ['command', 'exclude', 'mongodb', 'mongorestore'],
    extension: 'dump',
    summary: 'Runs mongodump and mongorestore. The default for MongoDB.',
  },
  {
    name: 'MongoDriverConnector',
    module: 'dbbackup.db.mongodb',
    family: 'mongodb',
    keys: ['exclude', 'mongodb'],
    extension: 'dump',
    summary: 'Reads and writes the archives of mongodump without needing the tools.',
  },
  {
    name: 'DjangoConnector',
    module: 'dbbackup.db.django',
    family: undefined,
    keys: ['command', 'exclude'],
    extension: 'json',
    summary: 'Runs dumpdata and loaddata of the workspace’s manage.py: data only, no schema.',
  },
  {
    name: 'JsonConnector',
    module: 'dbbackup.db.json',
    family: undefined,
    keys: ['exclude', 'json'],
    extension: 'json',
    summary: 'Writes the rows of any database as JSON: data only, no schema.',
  },
];

/** Engines that only DjangoConnector and JsonConnector serve, for completion. Any other text is accepted as well. */
export const otherEngines = ['oracle', 'mssql', 'django.db.backends.oracle'] as const;

/** Every spelling of the engines of a family, the short ones first. */
export function engineNames(family: Family): readonly string[] {
  return family === 'other' ? otherEngines : engines.filter((engine) => engine.family === family).flatMap(({ names }) => names);
}

const tools: Readonly<Partial<Record<string, readonly string[]>>> = {
  postgresql: ['pg_dump', 'pg_restore', 'psql'],
  mysql: ['mysqldump', 'mysql', 'mariadb-dump', 'mariadb'],
  mongodb: ['mongodump', 'mongorestore'],
};

/** The tools that connectors of a family run, by the names that `dbbackup.tools` knows. */
export function toolNames(family: string): readonly string[] {
  return tools[family] ?? [];
}

/** The engine that a text names; undefined for every engine that is not in the table. */
export function findEngine(name: string): Engine | undefined {
  return engines.find(({ names }) => names.includes(name));
}

/** The connector that a class name or a dotted path names. Modules of the workspace are not looked up. */
export function findConnector(name: string): ConnectorFacts | undefined {
  return connectors.find((connector) => name === connector.name || name === `${connector.module}.${connector.name}`);
}

/** True for a connector in a module of the workspace folder: `./tools/redis.mjs#RedisConnector`. */
export function isModuleConnector(name: string): boolean {
  return /^\.\/(?!.*\.\.)[^#]+#[A-Za-z_$][\w$]*$/.test(name);
}

/** What `dbbackup.connectorMapping` says for an engine: the very spelling first, then the other spelling of the same name. */
export function mappedConnector(mapping: ReadonlyMap<string, string>, engine: string): string | undefined {
  const otherSpelling = [...mapping.keys()].find((key) => isOtherSpelling(key, engine));
  return mapping.get(engine) ?? (otherSpelling === undefined ? undefined : mapping.get(otherSpelling));
}

/** `mysql` in the mapping stands for every dotted name that ends so; `django.db.backends.mysql` stands for `mysql` alone. */
function isOtherSpelling(key: string, engine: string): boolean {
  if (!key.includes('.')) return engine.endsWith(`.${key}`);
  return !engine.includes('.') && key.startsWith('django.') && key.endsWith(`.${engine}`);
}
