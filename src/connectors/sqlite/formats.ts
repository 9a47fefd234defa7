import type { DumpFormat } from '../../core/connector.ts';
import { sniffSql } from './sql/verify.ts';
import { runInWorker } from './worker.ts';

/**
 * A database file in rollback-journal mode: what SqliteBackupConnector and SqliteCPConnector write.
 *
 * `quick` proves header, length and `quick_check`; `full` proves `integrity_check`. Foreign keys are the application's and not checked.
 */
export const sqliteFormat: DumpFormat = {
  id: 'sqlite',
  unlistedTables: 'removed',
  sniff: (head) => Buffer.from(head.subarray(0, 16)).toString('latin1') === 'SQLite format 3\0',
  verify: (path, level, workspace, run) =>
    runInWorker({ kind: 'verify', format: 'sqlite', path, level, scratch: workspace.scratch }, run),
};

/** SQL text, ours or that of `sqlite3 .dump`: what SqliteConnector writes. Both levels read every statement. */
export const sqliteSqlFormat: DumpFormat = {
  id: 'sqlite-sql',
  unlistedTables: 'kept',
  sniff: sniffSql,
  verify: (path, level, workspace, run) =>
    runInWorker({ kind: 'verify', format: 'sqlite-sql', path, level, scratch: workspace.scratch }, run),
};
