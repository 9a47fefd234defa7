import { BackupError } from '../../core/errors.ts';
import type { StagesEnd } from '../../system/process.ts';
import { toolFailure } from '../command.ts';
import { meaningOf, serverMeanings, type Meanings } from '../meanings.ts';

/** What went wrong, by the words of the server, the driver or the tools. `where` is `shop on localhost`. */
const meanings: Meanings = [
  [
    /AuthenticationFailed|Authentication failed|auth error|unable to authenticate|password must not be|MongoMissingCredentials|no password (was )?provided/i,
    () => ({
      code: 'connection.wrongPassword',
      sentence: 'The server does not accept this user with this password.',
      hint: 'Correct USER, PASSWORD and AUTH_SOURCE (the database in which the user is known, often admin) in the settings.',
    }),
  ],
  [/ENOTFOUND|EAI_AGAIN|ENODATA|no such host|querySrv|lookup .* on .*:53|server misbehaving/, serverMeanings.unknownHost],
  [
    /certificate|x509|tls: |SSL routines|ssl3_|wrong version number|ERR_TLS/i,
    (where) => ({
      code: 'connection.denied',
      sentence: `The encrypted connection could not be made: ${where}.`,
      hint: 'Correct the TLS options in the settings: tls, tlsCAFile and tlsCertificateKeyFile in a HOST that is a URI.',
    }),
  ],
  [/ECONNREFUSED|ENOENT|connection refused|actively refused/i, serverMeanings.refused],
  [
    /server selection (error|timed out)|Server selection timed out|timed out|i\/o timeout|ETIMEDOUT|context deadline exceeded/i,
    (where) => ({
      code: 'connection.timedOut',
      sentence: `The server did not answer in time: ${where}.`,
      hint: 'See whether the server is busy, a firewall is in the way, or the replica set has a primary.',
    }),
  ],
  [
    /ECONNRESET|EPIPE|socket was unexpectedly closed|connection .* closed|connection reset|topology (was|is) (closed|destroyed)|pool (was )?cleared|unexpected EOF|connection\(\) error/i,
    serverMeanings.lost,
  ],
  [
    /Unauthorized|not authorized|requires authentication|command \w+ requires/i,
    (where) => ({
      code: 'connection.denied',
      sentence: `The user lacks a right on ${where}.`,
      hint: 'Set USER and PASSWORD of a user with the roles backup and restore, or readWrite on this database.',
    }),
  ],
  [
    /E11000|duplicate key/i,
    (where) => ({
      code: 'restore.incomplete',
      sentence: `A document of the dump is already in ${where}.`,
      hint: 'Set DROP to true, or empty the collections first.',
    }),
  ],
  [
    /corruption found in archive|does not appear to be a mongodump archive|invalid BSON|crc mismatch|unexpected EOF in archive/i,
    () => ({ code: 'dumps.damaged', sentence: 'The dump is damaged: it cannot be decoded.', hint: 'Choose another dump.' }),
  ],
];

/** What a driver's error means; anything unknown of the server is a failure with its own words, and a defect of ours comes back as it is. */
export function explainDriver(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof BackupError) return error;
  const known = meaningOf(meanings, [textsOf(error).join('\n')], { where, cause: error });
  if (known !== undefined || !error.name.startsWith('Mongo')) return known ?? error;
  return new BackupError('tool.failed', `The server of ${where} answered with an error: ${error.message.slice(0, 300)}`, {
    hint: 'See the server’s log.',
    cause: error,
  });
}

/** What a tool's last words mean. */
export function explainTool(end: StagesEnd, tool: string, where: string): BackupError {
  return meaningOf(meanings, [end.stderr], { where, cause: undefined }) ?? toolFailure(tool, end);
}

/** The words of an error and of what it came from: a server that cannot be reached is named in the cause only. */
function textsOf(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth > 6) return [];
  const code = 'codeName' in error ? String(error.codeName) : 'code' in error ? String(error.code) : '';
  const reasons = 'reason' in error ? reasonsOf(error.reason) : [];
  const nested = error instanceof AggregateError ? error.errors.flatMap((each) => textsOf(each, depth + 1)) : [];
  return [error.name, code, error.message, ...textsOf(error.cause, depth + 1), ...nested, ...reasons];
}

/** A driver that finds no server gives the last error of each that it knows. */
function reasonsOf(reason: unknown): string[] {
  if (typeof reason !== 'object' || reason === null || !('servers' in reason) || !(reason.servers instanceof Map)) return [];
  return [...reason.servers.values()].flatMap((server: unknown) =>
    typeof server === 'object' && server !== null && 'error' in server ? textsOf(server.error, 1) : [],
  );
}
