import type { DumpFacts, DumpOptions, Workspace } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { fileFacts, fileOf, SqliteFileConnector } from './fileConnector.ts';
import { runInWorker } from './worker.ts';

/** Copies the bytes of a database that nobody writes to; a journal with rows in it is refused. */
export class SqliteCPConnector extends SqliteFileConnector {
  override readonly name = 'SqliteCPConnector';
  override readonly format = 'sqlite';
  override readonly unlistedTables = 'removed';

  async createDump(database: Database, path: string, options: DumpOptions, { scratch }: Workspace, run: Run): Promise<DumpFacts> {
    // A safety dump must be possible while the database is in use.
    const kind = options.purpose === 'safety' ? 'backup' : 'rawCopy';
    const copied = await runInWorker({ kind, source: fileOf(database), destination: path, scratch }, run);
    return fileFacts(copied, database, options);
  }
}
