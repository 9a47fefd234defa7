import * as vscode from 'vscode';
import { BackupError } from '../core/errors.ts';
import type { DumpSettings } from '../core/job.ts';
import type { Answers } from './answers.ts';
import type { EngineIcons } from './engineIcons.ts';
import type { Inventory } from './inventory.ts';
import type { Jobs } from './jobs.ts';
import type { Log } from './log.ts';
import type { Passwords } from './secrets.ts';
import type { Settings } from './settings.ts';
import type { DatabaseTree } from './tree.ts';

/** All that commands work with. Made once, by `activate`. */
export interface Shell {
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly jobs: Jobs;
  readonly passwords: Passwords;
  readonly log: Log;
  readonly tree: DatabaseTree;
  readonly icons: EngineIcons;
  readonly stateDirectory: string;
}

/**
 * A command: it asks for what its answers leave open, and does it.
 *
 * Errors: BackupError for what the user can mend; the abort reason when the user turned away. `registerCommands` shows them.
 */
export type Command = (shell: Shell, answers: readonly Answers[]) => Promise<unknown>;

/** The reason with which a command ends when the user closes one of its questions. */
export function turnedAway(): Error {
  return new TurnedAway('The user closed the question.', 'AbortError');
}

/** True for that reason; false for that of a job which the user has cancelled. */
export function isTurnedAway(error: unknown): boolean {
  return error instanceof TurnedAway;
}

class TurnedAway extends DOMException {}

/** The error of a command that needs a database where none is set up. */
export function noDatabase(): BackupError {
  return new BackupError('usage.noDatabase', vscode.l10n.t('No database is set up in this workspace.'), {
    hint: vscode.l10n.t('Add one to its settings.'),
  });
}

/** How dumps of a workspace folder are kept. */
export function settingsOf({ inventory }: Shell, folder: string): DumpSettings {
  const listed = inventory.folders.find((each) => each.folder === folder);
  if (listed === undefined) throw noDatabase();
  return listed.settings;
}

/** How dumps are kept in any folder, for jobs that only read the files they are given. */
export function anySettings({ inventory }: Shell): DumpSettings {
  const [first] = inventory.folders;
  if (first === undefined) throw noDatabase();
  return first.settings;
}
