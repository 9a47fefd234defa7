import type { DumpFormat, VerificationLevel } from '../../core/connector.ts';
import type { Rows } from './findings.ts';
import { contentsOf, scanBytes, scanFile } from './scanFile.ts';

/**
 * SQL text of mysqldump or mariadb-dump, of one database.
 *
 * `quick` proves the end mark, that no statement is open and that no NUL is in it, and lists tables and objects; `full` reads every value and counts rows.
 */
export const mysqlSqlFormat: DumpFormat = {
  id: 'mysql-sql',
  sniff: (head) =>
    /^(?:\/\*M?!999999[^\n]*\n)?-- (?:MySQL|MariaDB) dump /.test(Buffer.from(head.subarray(0, 256)).toString('latin1')),
  verify: async (path, level, _workspace, run) => contentsOf(await scanFile(path, rowsOf(level), run)),
  verifyStream: async (bytes, level, _workspace, { signal }) =>
    contentsOf(await scanBytes(bytes, { name: 'The dump', rows: rowsOf(level), signal })),
};

function rowsOf(level: VerificationLevel): Rows {
  return level === 'full' ? 'counted' : 'skipped';
}
