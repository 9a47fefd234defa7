import type { DumpFacts, DumpOptions, Workspace } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { excludedTables } from '../base.ts';
import { fileOf, SqliteFileConnector } from './fileConnector.ts';
import { runInWorker } from './worker.ts';

/**
 * Dumps a database as SQL text, which `sqlite3 new.db < dump` reads as well; a restore leaves other tables alone.
 *
 * A safety dump is a copy of the file: text would leave the tables that the restore has made.
 */
export class SqliteConnector extends SqliteFileConnector {
  override readonly name = 'SqliteConnector';
  override readonly format = 'sqlite-sql';
  readonly safetyFormat = 'sqlite';

  async createDump(database: Database, path: string, options: DumpOptions, { scratch }: Workspace, run: Run): Promise<DumpFacts> {
    const paths = { source: fileOf(database), destination: path, scratch };
    const copied =
      options.purpose === 'safety'
        ? await runInWorker({ kind: 'backup', ...paths }, run)
        : await runInWorker({ kind: 'dumpSql', exclude: excludedTables(database), ...paths }, run);
    return { ...copied, tools: [] };
  }
}
