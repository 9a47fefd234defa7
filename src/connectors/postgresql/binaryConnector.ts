import { PostgresqlConnector } from './connector.ts';

/** Dumps with pg_dump in its custom format, and restores with pg_restore. */
export class PgDumpBinaryConnector extends PostgresqlConnector {
  override readonly name: string = 'PgDumpBinaryConnector';
  override readonly format = 'pg-custom';
  override readonly extension = 'psql.bin';
}
