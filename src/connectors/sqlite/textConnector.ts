import type { DumpFacts, DumpOptions, Workspace } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { excludedTables } from '../base.ts';
import { fileOf, SqliteFileConnector } from './fileConnector.ts';
import { runInWorker } from './worker.ts';

/** Dumps a database as SQL text, which `sqlite3 new.db < dump` reads as well; a restore leaves other tables alone. */
export class SqliteConnector extends SqliteFileConnector {
  override readonly name = 'SqliteConnector';
  override readonly format = 'sqlite-sql';

  async createDump(database: Database, path: string, options: DumpOptions, { scratch }: Workspace, run: Run): Promise<DumpFacts> {
    const exclude = options.purpose === 'safety' ? [] : excludedTables(database);
    const copied = await runInWorker({ kind: 'dumpSql', source: fileOf(database), destination: path, exclude, scratch }, run);
    return { ...copied, tools: [] };
  }
}
