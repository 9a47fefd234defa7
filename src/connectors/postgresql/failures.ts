import { BackupError } from '../../core/errors.ts';
import type { StagesEnd } from '../../system/process.ts';
import { toolFailure } from '../command.ts';
import { encryptionMeanings } from '../encryption.ts';
import { containerMeanings, meaningOf, serverMeanings, type Meanings } from '../meanings.ts';

const encryption = encryptionMeanings({ authority: 'sslrootcert', own: 'sslcert and sslkey' });

/** What went wrong, by the server's SQLSTATE, the system's code or, where there is neither, the words. `where` is `shop on localhost`. */
const meanings: Meanings = [
  ...containerMeanings('PostgreSQL’s client programs'),
  [/server does not support SSL/, encryption.unencrypted],
  [/^ERR_TLS_CERT_ALTNAME_INVALID|server certificate for .* does not match host name/, encryption.wrongName],
  [
    /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)_|certificate verify failed|root certificate file .* does not exist/,
    encryption.unknownServer,
  ],
  [
    /requires a valid client certificate|certificate authentication failed|(?:tls|ssl)v?[\d.]*[ _]alert[ _][\w ]*(?:certificate|unknown[ _]ca)/i,
    encryption.unknownClient,
  ],
  [
    /^(ERR_SSL|ERR_TLS|ERR_OSSL|CERT|EPROTO)\b|establishing an SSL connection|SSL error(?!: unexpected eof)|(certificate|private key) file "/,
    encryption.failed,
  ],
  [
    /^(28P01|SASL)|password authentication failed|no password supplied|client password must be a string/,
    () => ({
      code: 'connection.wrongPassword',
      sentence: 'The server does not accept this user with this password.',
      hint: 'Correct USER and PASSWORD in the settings.',
    }),
  ],
  [/^3D000|database ".*" does not exist/, serverMeanings.unknownDatabase],
  [/^(ECONNREFUSED|ENOENT)|Connection refused|No such file or directory/, serverMeanings.refused],
  [/^(ENOTFOUND|EAI_AGAIN)|could not translate host name|Name or service not known/, serverMeanings.unknownHost],
  [/^ETIMEDOUT|timeout expired|timed? ?out expired|connection timeout/i, serverMeanings.timedOut],
  [/^53300|too many (clients|connections)|remaining connection slots/, serverMeanings.tooMany],
  [
    /^(57P01|57P02|57P03|08\w{3}|ECONNRESET|EPIPE)|server closed the connection|SSL connection has been closed|SSL SYSCALL error|unexpected eof while reading|terminating connection|Connection terminated|connection to server was lost|lost synchronization/,
    serverMeanings.lost,
  ],
  [/^55P03|canceling statement due to (lock|statement) timeout/, serverMeanings.locked],
  [
    /pg_dump: error: could not write[^\n]*No space left on device/,
    () => ({
      code: 'disk.full',
      sentence: 'There is not enough room on the disk for the dump.',
      hint: 'Free some space there, or set dbbackup.dumpDirectory to a folder on another disk.',
    }),
  ],
  [
    /^53100|No space left on device/,
    (where) => ({
      code: 'disk.full',
      sentence: `The disk of the server is full: ${where}.`,
      hint: 'Free some space on the server, and try again.',
    }),
  ],
  [
    /server version mismatch|unsupported version .* in file header/,
    () => ({
      code: 'tool.tooOld',
      sentence: 'The program is older than the server or the dump.',
      hint: 'Install the client programs of the newer version, or set their paths in dbbackup.tools.',
    }),
  ],
  [
    /invalid command \\restrict/,
    () => ({
      code: 'tool.tooOld',
      sentence: 'This psql cannot restrict what a dump may do.',
      hint: 'Update psql: releases since August 2025 know \\restrict.',
    }),
  ],
  [/^(28000|42501)|permission denied|must be (owner|member|superuser)|no pg_hba.conf entry/, serverMeanings.lacksRight],
  [
    /end of file|unexpected end of data|did not find magic string|corrupt tar|could not read from input file|could not uncompress data/,
    () => ({ code: 'dumps.damaged', sentence: 'The dump is damaged: it cannot be decoded.', hint: 'Choose another dump.' }),
  ],
];

/** What a driver's error means; anything unknown comes back as it is. */
export function explainDriver(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof BackupError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const nested = error instanceof AggregateError ? errorTexts(error.errors) : '';
  return meaningOf(meanings, [code, error.message, nested], { where, cause: error }) ?? error;
}

/** What a tool's last words mean, or how it ended. */
export function explainTool(end: StagesEnd, tool: string, where: string): BackupError {
  const texts = [end.stderr, `exit code ${end.exitCode ?? ''}`];
  return meaningOf(meanings, texts, { where, cause: undefined }) ?? toolFailure(tool, end);
}

function errorTexts(errors: readonly unknown[]): string {
  return errors.map((error) => (error instanceof Error && 'code' in error ? String(error.code) : '')).join(' ');
}
