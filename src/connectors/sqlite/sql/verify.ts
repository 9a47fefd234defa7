import type { VerificationLevel } from '../../../core/connector.ts';
import type { Contents } from '../../../core/contents.ts';
import { headLine, readEndMark } from './mark.ts';
import { readDump } from './read.ts';
import { skipBlank, tokenize, tokenText } from './tokens.ts';

/**
 * True for the first bytes of an SQL dump of SQLite: ours, of `sqlite3 .dump`, of Python's iterdump, of django-dbbackup.
 * Dumps of other engines begin with other words, or say in their first comment whose they are.
 */
export function sniffSql(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const text = bytes.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  if (text.startsWith(headLine)) return true;
  const sql = Buffer.from(text, 'latin1');
  if (sql.includes(0) || /\b(PostgreSQL|MySQL|MariaDB|mydumper|Oracle|SQL Server)\b/i.test(text.slice(0, skipBlank(sql, 0))))
    return false;
  if (/\b(ENGINE\s*=\s*\w+|AUTO_INCREMENT|bigserial|OWNER TO|character varying)\b/.test(text)) return false;
  const words: string[] = [];
  for (const token of tokenize(sql)) {
    words.push(tokenText(sql, token).toUpperCase());
    if (words.length === 3) break;
  }
  const start = words.join(' ');
  return /^(PRAGMA (FOREIGN_KEYS|ENCODING|WRITABLE_SCHEMA) |BEGIN (TRANSACTION|IMMEDIATE|EXCLUSIVE|DEFERRED|;)|CREATE (TABLE|UNIQUE|INDEX|VIEW|TRIGGER|VIRTUAL) |INSERT (INTO|OR) )/.test(
    start,
  );
}

/**
 * Proves an SQL dump.
 *
 * Shape:  `quick` looks at head and end of a dump of ours; a dump without our end mark is always read in full, since nothing else says
 *         what it holds. `full` reads every statement, counts the rows and compares the checksum.
 * Errors: BackupError 'dumps.truncated', 'dumps.damaged', 'sqlite.statementRefused', 'dumps.tooLarge'.
 */
export function verifySql(path: string, level: VerificationLevel, checkpoint: () => void): Contents {
  const mark = level === 'quick' ? readEndMark(path) : undefined;
  if (mark !== undefined) return mark.contents;
  const statements = readDump(path, { progress: () => undefined, checkpoint });
  for (let step = statements.next(); ; step = statements.next()) if (step.done === true) return step.value;
}
