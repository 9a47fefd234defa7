/**
 * Every code that an error of ours can carry. A code is a promise to scripts: it never changes its meaning.
 *
 * Shape: `<area>.<what>`; each one is produced by a test.
 */
export const errorCodes = [
  'settings.invalid',
  'settings.unreadable',
  'usage.invalid',
  'usage.unknownAlias',
  'usage.noDatabase',
  'node.tooOld',
  'trust.restricted',
  'disk.full',
  'disk.readOnly',
  'disk.noPermission',
  'dumps.unreadable',
  'dumps.missing',
  'dumps.none',
  'dumps.empty',
  'dumps.damaged',
  'dumps.truncated',
  'dumps.unknownFormat',
  'dumps.wrongEngine',
  'dumps.outsideWorkspace',
  'dumps.tooLarge',
  'connector.unknown',
  'connector.unavailable',
  'job.busy',
  'job.cancelled',
  'job.crashed',
  'job.protocol',
  'restore.notConfirmed',
  'restore.safetyFailed',
  'restore.incomplete',
  'restore.refused',
  'restore.rolledBack',
  'restore.mixed',
  'dump.refused',
  'tool.missing',
  'tool.tooOld',
  'tool.wrongFlavour',
  'tool.failed',
  'tool.silent',
  'connection.refused',
  'connection.unknownHost',
  'connection.wrongPassword',
  'connection.unknownDatabase',
  'connection.denied',
  'connection.tooMany',
  'connection.lost',
  'connection.timedOut',
  'database.locked',
  'sqlite.missing',
  'sqlite.memory',
  'sqlite.notAFile',
  'sqlite.notADatabase',
  'sqlite.corrupt',
  'sqlite.inUse',
  'sqlite.readOnly',
  'sqlite.pageSize',
  'sqlite.statement',
  'sqlite.statementRefused',
  'sqlite.foreignKeys',
  'sqlite.failed',
  'unexpected',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * A failure that the user can act on.
 *
 * Shape: `message` is one sentence that names what failed and on which file or database; `hint` is the next step.
 */
export class BackupError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, sentence: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(sentence, { cause: options.cause });
    this.name = 'BackupError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** What crosses a process border in place of an error: no stack, no cause, no secret. */
export interface Failure {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint: string;
}

/** The failure to show for any thrown value. A value that is no BackupError is a defect of ours: `unexpected`. */
export function toFailure(error: unknown): Failure {
  if (error instanceof BackupError) {
    return { code: error.code, sentence: error.message, hint: error.hint };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { code: 'unexpected', sentence: `An unexpected error happened: ${text}`, hint: 'Show the log and report it.' };
}

/** True for the abort reason of a cancelled run: nothing is shown for it. */
export function isCancellation(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
