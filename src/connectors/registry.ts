import type { Connector, DumpFormat } from '../core/connector.ts';
import { BackupError } from '../core/errors.ts';

// Loaded when first used: a job pays only for its own family.
const connectors: Readonly<Record<string, () => Promise<Connector>>> = {
  SqliteBackupConnector: async () => new (await import('./sqlite/backupConnector.ts')).SqliteBackupConnector(),
  SqliteConnector: async () => new (await import('./sqlite/textConnector.ts')).SqliteConnector(),
  SqliteCPConnector: async () => new (await import('./sqlite/cpConnector.ts')).SqliteCPConnector(),
  MysqlDumpConnector: async () => new (await import('./mysql/connector.ts')).MysqlDumpConnector(),
  PgDumpBinaryConnector: async () => new (await import('./postgresql/binaryConnector.ts')).PgDumpBinaryConnector(),
  PgDumpConnector: async () => new (await import('./postgresql/plainConnector.ts')).PgDumpConnector(),
  MongoDumpConnector: async () => new (await import('./mongodb/dumpConnector.ts')).MongoDumpConnector(),
  MongoDriverConnector: async () => new (await import('./mongodb/driverConnector.ts')).MongoDriverConnector(),
  PgDumpGisConnector: async () => new (await import('./postgresql/gisConnector.ts')).PgDumpGisConnector(),
};

const notBuilt: ReadonlySet<string> = new Set(['DjangoConnector', 'JsonConnector']);

const formats: Readonly<Record<string, () => Promise<DumpFormat>>> = {
  sqlite: async () => (await import('./sqlite/formats.ts')).sqliteFormat,
  'pg-custom': async () => (await import('./postgresql/formats.ts')).pgCustomFormat,
  'pg-plain': async () => (await import('./postgresql/formats.ts')).pgPlainFormat,
  'sqlite-sql': async () => (await import('./sqlite/formats.ts')).sqliteSqlFormat,
  'mongo-archive': async () => (await import('./mongodb/format.ts')).mongoArchiveFormat,
  'mysql-sql': async () => (await import('./mysql/format.ts')).mysqlSqlFormat,
};

/**
 * The connector of a class name (`SqliteBackupConnector`).
 *
 * Errors: BackupError 'connector.unknown'; 'connector.unavailable' for one that this version does not bring.
 */
export async function connectorFor(name: string): Promise<Connector> {
  const load = Object.hasOwn(connectors, name) ? connectors[name] : undefined;
  if (load !== undefined) return load();
  if (notBuilt.has(name) || name.includes('#')) {
    throw new BackupError('connector.unavailable', `${name} is not part of this version.`, {
      hint: 'This version backs up SQLite, PostgreSQL, MySQL, MariaDB and MongoDB databases. Watch the changelog for the other engines.',
    });
  }
  throw new BackupError('connector.unknown', `There is no connector named ${name}.`, {
    hint: `Set CONNECTOR to one of ${Object.keys(connectors).join(', ')}.`,
  });
}

/** As `connectorFor`; the connector prepares itself while its job prepares its folders. Errors: as `connectorFor`. */
export async function warmConnector(name: string): Promise<Connector> {
  const connector = await connectorFor(name);
  connector.warmUp?.();
  return connector;
}

/** The format with this id. Errors: BackupError 'dumps.unknownFormat'. */
export async function formatById(id: string): Promise<DumpFormat> {
  const load = Object.hasOwn(formats, id) ? formats[id] : undefined;
  if (load !== undefined) return load();
  throw new BackupError('dumps.unknownFormat', `There is no kind of dump named ${id}.`, { hint: 'Choose another dump.' });
}

/** The format that a dump's first bytes (up to 4 KiB of the plain dump) show, whatever its name says. */
export async function formatOf(head: Uint8Array): Promise<DumpFormat | undefined> {
  for (const load of Object.values(formats)) {
    const format = await load();
    if (format.sniff(head)) return format;
  }
  return undefined;
}
