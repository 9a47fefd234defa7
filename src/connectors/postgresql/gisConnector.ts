import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { PgDumpConnector } from './plainConnector.ts';
import { withSession } from './session.ts';

/** As PgDumpConnector, and makes sure before a restore that the target has PostGIS. */
export class PgDumpGisConnector extends PgDumpConnector {
  override readonly name = 'PgDumpGisConnector';

  protected override extensionsOf(): readonly string[] {
    return ['postgis'];
  }

  /** In the target itself, by ADMIN_USER where there is one. */
  protected override async makeReady(database: Database, run: Run): Promise<void> {
    const { ADMIN_USER: user, ADMIN_PASSWORD: password } = database.keys;
    const place = this.place(database, 'restore');
    const { PGPASSWORD: own, ...others } = place.variables;
    const isAdmin = typeof user === 'string' && user !== '';
    const variables = isAdmin
      ? { ...others, PGUSER: user, ...(typeof password === 'string' ? { PGPASSWORD: password } : {}) }
      : { ...others, ...(own === undefined ? {} : { PGPASSWORD: own }) };
    await withSession({ ...place, variables }, run.signal, (session) =>
      session.query('CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public'),
    );
  }
}
