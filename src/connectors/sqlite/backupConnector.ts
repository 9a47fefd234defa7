import type { DumpFacts, DumpOptions, Workspace } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { fileFacts, fileOf, SqliteFileConnector } from './fileConnector.ts';
import { runInWorker } from './worker.ts';

/** Copies a database in use under one read transaction: its bytes, or by SQLite's online backup. */
export class SqliteBackupConnector extends SqliteFileConnector {
  override readonly name = 'SqliteBackupConnector';
  override readonly format = 'sqlite';
  override readonly extension = 'sqlite3';
  override readonly unlistedTables = 'removed';

  async createDump(database: Database, path: string, options: DumpOptions, { scratch }: Workspace, run: Run): Promise<DumpFacts> {
    const copied = await runInWorker({ kind: 'backup', source: fileOf(database), destination: path, scratch }, run);
    return fileFacts(copied, database, options);
  }
}
