import { BackupError } from '../../core/errors.ts';
import type { StagesEnd } from '../../system/process.ts';
import { toolFailure } from '../command.ts';
import { encryptionMeanings } from '../encryption.ts';
import { containerMeanings, meaningOf, serverMeanings, type Meanings } from '../meanings.ts';

/** As `error 1045`, `Got error: 1045:`, `ERROR 1045 (28000)` or `(1045)`. Source: the server's and the client's lists of error messages. */
function numbered(...numbers: readonly number[]): RegExp {
  return new RegExp(`(?:error:? ?|\\()(?:${numbers.join('|')})(?!\\d)`, 'i');
}

function withCodes(codes: string, numbers: RegExp): RegExp {
  return new RegExp(`^(?:${codes})$|${numbers.source}`, 'i');
}

const encryption = encryptionMeanings({ authority: 'ca under ssl', own: 'cert and key under ssl' });

/** With a code of the driver or of Node for encryption, or with the tools' number, and then these words. */
function encrypting(words: RegExp): RegExp {
  return new RegExp(`(?:^(?:HANDSHAKE|ERR_SSL)_\\w+|${numbered(2026).source})[^\n]*?(?:${words.source})`, 'i');
}

/** What went wrong, by the system's or the driver's code or by the number in what a tool says. `where` is `shop on localhost`. */
const meanings: Meanings = [
  ...containerMeanings('the client programs of MySQL or MariaDB'),
  [encrypting(/unexpected eof|reset by peer|broken pipe/), serverMeanings.lost],
  [encrypting(/support/), encryption.unencrypted],
  [encrypting(/does not match|host ?name|Validation of SSL server certificate/), encryption.wrongName],
  [encrypting(/self[- ]signed|unable to|not trusted|verify failed/), encryption.unknownServer],
  [encrypting(/alert/), encryption.unknownClient],
  [encrypting(/ /), encryption.failed],
  [
    withCodes('AUTH_SWITCH_PLUGIN_ERROR', numbered(1045, 1698)),
    () => ({
      code: 'connection.wrongPassword',
      sentence: 'The server does not accept this user with this password.',
      hint: 'Correct USER and PASSWORD in the settings, and the certificate in OPTIONS where the server wants one of this user.',
    }),
  ],
  [numbered(1049), serverMeanings.unknownDatabase],
  [withCodes('ENOTFOUND|EAI_AGAIN', numbered(2005)), serverMeanings.unknownHost],
  [withCodes('ETIMEDOUT|PROTOCOL_SEQUENCE_TIMEOUT', /2003[^\n]*\((?:110|60|10060)\b/), serverMeanings.timedOut],
  [withCodes('ECONNREFUSED|ENOENT|ENOTSOCK', numbered(2002, 2003)), serverMeanings.refused],
  [numbered(1040, 1203, 1226), serverMeanings.tooMany],
  [withCodes('PROTOCOL_CONNECTION_LOST|ECONNRESET|EPIPE', numbered(2006, 2013, 2055, 1053, 1927)), serverMeanings.lost],
  [numbered(1205, 3572), serverMeanings.locked],
  [
    numbered(2059, 1251),
    () => ({
      code: 'tool.wrongFlavour',
      sentence: 'The program does not know how this server checks passwords.',
      hint: 'Install the client programs that belong to the server, or set their paths in dbbackup.tools.',
    }),
  ],
  [
    numbered(1356),
    (where) => ({
      code: 'dump.refused',
      sentence: `A view refers to a table or column that is not there, or that its definer may not read: ${where}.`,
      hint: 'Show the log to see which one. Mend it, drop it, or name it under EXCLUDE.',
    }),
  ],
  [
    numbered(1153),
    (where) => ({
      code: 'restore.refused',
      sentence: `The dump has a statement that is longer than this server takes: ${where}.`,
      hint: 'Raise max_allowed_packet on the server, and try again.',
    }),
  ],
  [
    numbered(1290),
    (where) => ({
      code: 'connection.denied',
      sentence: `The server runs with an option that forbids this: ${where}.`,
      hint: 'Show the log to see which one.',
    }),
  ],
  [numbered(1044, 1130, 1142, 1143, 1227, 1370, 1410, 1419, 1449, 3159), serverMeanings.lacksRight],
];

/** What a driver's error means; anything unknown comes back as it is. */
export function explainDriver(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof BackupError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const errno = 'errno' in error && typeof error.errno === 'number' ? `error ${error.errno}` : '';
  // Where encryption fails, the code does not say why; elsewhere the words are the server's, and may hold anything.
  const said = /^(HANDSHAKE|ERR_SSL)_/.test(code) ? `${code} ${error.message}` : '';
  return meaningOf(meanings, [code, errno, said], { where, cause: error }) ?? error;
}

/** What a tool's last words mean, or how it ended. */
export function explainTool(end: StagesEnd, tool: string, where: string): BackupError {
  const texts = [end.stderr, `exit code ${end.exitCode ?? ''}`];
  return meaningOf(meanings, texts, { where, cause: undefined }) ?? toolFailure(tool, end);
}
