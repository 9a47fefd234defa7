import { PostgresqlConnector } from './connector.ts';

/** Dumps SQL text with pg_dump, and restores it with psql. */
export class PgDumpConnector extends PostgresqlConnector {
  override readonly name: string = 'PgDumpConnector';
  override readonly format = 'pg-plain';
  override readonly extension = 'psql';
}
