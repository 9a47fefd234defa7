import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../contributions.ts';
import { BackupError, isCancellation, type ErrorCode } from '../core/errors.ts';
import { sentenceText } from '../core/words.ts';
import { JobFailure } from './jobs.ts';
import type { Log } from './log.ts';

/** A button of a message: it runs a command, so that its failures are reported like any other. */
export interface Action {
  readonly title: string;
  readonly command: CommandId | 'workbench.trust.manage';
  readonly argument?: unknown;
}

export const showLog: Action = { title: vscode.l10n.t('Show Log'), command: commandIds.showLog };

/** Says that something is done. Nobody waits for the answer: a command is over when its work is. */
export function reportDone(sentence: string, actions: readonly Action[]): void {
  void offer(vscode.window.showInformationMessage(sentenceText(sentence), ...actions.map((action) => action.title)), actions);
}

/** Says that a dump is damaged: no command failed, but the finding must not leave by itself. */
export function reportDamage(sentence: string): void {
  show(sentence, [showLog]);
}

/** Says that something is done but needs a look. */
export function reportWarning(sentence: string, actions: readonly Action[]): void {
  void offer(vscode.window.showWarningMessage(sentenceText(sentence), ...actions.map((action) => action.title)), actions);
}

/**
 * Says what went wrong, with a button that mends it and Show Log. A cancelled or refused run says nothing.
 *
 * Shape: `command` and `argument` are what was run, for Try Again.
 */
export function reportError(error: unknown, log: Log, { command, argument }: { command: CommandId; argument: unknown }): void {
  if (isCancellation(error)) return;
  if (!(error instanceof BackupError)) {
    log.write('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    show(vscode.l10n.t('Database Backup met an unexpected error.'), [showLog]);
    return;
  }
  if (error.code === 'restore.notConfirmed') return;
  log.write('error', `${error.code}: ${error.message} ${error.hint}`);
  if (error.code === 'unexpected') return show(vscode.l10n.t('Database Backup met an unexpected error.'), [showLog]);
  show(`${error.message} ${error.hint}`, [...fixFor(error, command, argument), showLog]);
}

function show(sentence: string, actions: readonly Action[]): void {
  void offer(vscode.window.showErrorMessage(sentenceText(sentence), ...actions.map((action) => action.title)), actions);
}

async function offer(message: Thenable<string | undefined>, actions: readonly Action[]): Promise<void> {
  const chosen = await message;
  const action = actions.find(({ title }) => title === chosen);
  if (action !== undefined) await vscode.commands.executeCommand(action.command, action.argument);
}

function fixFor(error: BackupError, command: CommandId, argument: unknown): Action[] {
  const fix = fixes[error.code];
  if (fix === undefined) return [];
  if (fix === 'tryAgain') return [{ title: vscode.l10n.t('Try Again'), command, argument }];
  return [{ ...fix, argument: error instanceof JobFailure ? error.subjects[0] : argument }];
}

const openSettings: Action = { title: vscode.l10n.t('Open Settings'), command: commandIds.openSettings };
const chooseTool: Action = { title: vscode.l10n.t('Choose Tool…'), command: commandIds.chooseTool };
const setPassword: Action = { title: vscode.l10n.t('Set Password…'), command: commandIds.setPassword };

/** The button that mends an error, by its code. It is about what the job was about. Errors without one have Show Log only. */
const fixes: Readonly<Partial<Record<ErrorCode, Action | 'tryAgain'>>> = {
  'trust.restricted': { title: vscode.l10n.t('Manage Trust'), command: 'workbench.trust.manage' },
  'usage.noDatabase': { title: vscode.l10n.t('Add Database…'), command: commandIds.addDatabase },
  'usage.unknownAlias': openSettings,
  'dumps.none': { title: vscode.l10n.t('Back Up'), command: commandIds.backup },
  'dumps.outsideWorkspace': openSettings,
  'job.busy': 'tryAgain',
  'settings.invalid': openSettings,
  'settings.unreadable': openSettings,
  'connector.unknown': openSettings,
  'connector.unavailable': openSettings,
  'tool.missing': chooseTool,
  'tool.tooOld': chooseTool,
  'tool.wrongFlavour': chooseTool,
  'connection.refused': openSettings,
  'connection.unknownHost': openSettings,
  'connection.wrongPassword': setPassword,
  'connection.unknownDatabase': openSettings,
  'connection.denied': openSettings,
  'connection.tooMany': 'tryAgain',
  'connection.lost': 'tryAgain',
  'connection.timedOut': 'tryAgain',
  'database.locked': 'tryAgain',
  'sqlite.inUse': 'tryAgain',
  'sqlite.missing': openSettings,
  'sqlite.memory': openSettings,
  'sqlite.notAFile': openSettings,
};
