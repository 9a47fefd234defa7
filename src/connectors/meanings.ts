import { BackupError, type ErrorCode } from '../core/errors.ts';

/** What an error of a server or its tools means to the user. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint: string;
}

/** Meanings by what the texts of an error match, the first that does counts. `where` is `shop on localhost`. */
export type Meanings = readonly (readonly [RegExp, (where: string) => Meaning])[];

/** What goes wrong with a server of any kind. */
export const serverMeanings = {
  unknownDatabase: (where: string): Meaning => ({
    code: 'connection.unknownDatabase',
    sentence: `The server has no such database: ${where}.`,
    hint: 'Correct NAME in the settings.',
  }),
  unknownHost: (where: string): Meaning => ({
    code: 'connection.unknownHost',
    sentence: `The host of ${where} is not known.`,
    hint: 'Correct HOST in the settings.',
  }),
  refused: (where: string): Meaning => ({
    code: 'connection.refused',
    sentence: `No server answers for ${where}.`,
    hint: 'Start the server, or correct HOST and PORT in the settings.',
  }),
  timedOut: (where: string): Meaning => ({
    code: 'connection.timedOut',
    sentence: `The server did not answer in time: ${where}.`,
    hint: 'See whether the server is busy or a firewall is in the way.',
  }),
  tooMany: (where: string): Meaning => ({
    code: 'connection.tooMany',
    sentence: `The server takes no more connections: ${where}.`,
    hint: 'End other sessions, and try again.',
  }),
  lost: (where: string): Meaning => ({
    code: 'connection.lost',
    sentence: `The server ended the connection: ${where}.`,
    hint: 'See the server’s log, and try again.',
  }),
  locked: (where: string): Meaning => ({
    code: 'database.locked',
    sentence: `A table is locked by another session: ${where}.`,
    hint: 'End the session that holds the lock, and try again.',
  }),
  lacksRight: (where: string): Meaning => ({
    code: 'connection.denied',
    sentence: `The user lacks a right on ${where}.`,
    hint: 'Show the log to see which one, and grant it.',
  }),
} as const;

/**
 * How a tool in a container ends that does not start. `programs` are those that would do without a container.
 *
 * Source: Docker's manual, exit status of `docker run`: 126 and 127 for a command that cannot be started; the reason goes to the standard output
 * (docker/cli issue 2025).
 */
export function containerMeanings(programs: string): Meanings {
  return [
    [
      /service "?[\w.-]+"? is not running|No such container|Cannot connect to the Docker daemon/i,
      () => ({
        code: 'tool.missing',
        sentence: 'The container that has the program does not run.',
        hint: `Start it, for example with docker compose up -d, or install ${programs}.`,
      }),
    ],
    [
      /^exit code 12[67]$/,
      () => ({
        code: 'tool.missing',
        sentence: 'The program cannot be started in the container.',
        hint: 'Name one that it has in DUMP_CMD or RESTORE_CMD, and the container in DUMP_PREFIX or RESTORE_PREFIX.',
      }),
    ],
  ];
}

/** What an error with these texts means; undefined where the table does not know it. */
export function meaningOf(
  meanings: Meanings,
  texts: readonly string[],
  { where, cause }: { readonly where: string; readonly cause: unknown },
): BackupError | undefined {
  const found = meanings.find(([pattern]) => texts.some((text) => pattern.test(text)));
  if (found === undefined) return undefined;
  const { code, sentence, hint } = found[1](where);
  return new BackupError(code, sentence, { hint, cause });
}
