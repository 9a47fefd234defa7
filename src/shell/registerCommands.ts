import * as vscode from 'vscode';
import { commandIds, type CommandId } from '../contributions.ts';
import { parseAnswers, type Answers } from './answers.ts';
import { addDatabase } from './commands/addDatabase.ts';
import { backUp, backUpAll } from './commands/backup.ts';
import { clean } from './commands/clean.ts';
import { chooseTool } from './commands/chooseTool.ts';
import { cancel, openSettings, refresh, showLog } from './commands/databases.ts';
import { copyPath, deleteDumps, reveal, showAll, verify } from './commands/dumps.ts';
import { forgetPassword, movePassword, setPassword } from './commands/passwords.ts';
import { restore, restoreLatest, undoRestore } from './commands/restore.ts';
import { reportError } from './report.ts';
import type { Command, Shell } from './shell.ts';

const commands: Readonly<Record<CommandId, Command>> = {
  [commandIds.backup]: backUp,
  [commandIds.backupAll]: backUpAll,
  [commandIds.restore]: restore,
  [commandIds.restoreLatest]: restoreLatest,
  [commandIds.undoRestore]: undoRestore,
  [commandIds.verify]: verify,
  [commandIds.delete]: deleteDumps,
  [commandIds.reveal]: reveal,
  [commandIds.copyPath]: copyPath,
  [commandIds.showAll]: showAll,
  [commandIds.clean]: clean,
  [commandIds.cancel]: cancel,
  [commandIds.addDatabase]: addDatabase,
  [commandIds.setPassword]: setPassword,
  [commandIds.forgetPassword]: forgetPassword,
  [commandIds.movePassword]: movePassword,
  [commandIds.chooseTool]: chooseTool,
  [commandIds.openSettings]: openSettings,
  [commandIds.refresh]: refresh,
  [commandIds.showLog]: showLog,
};

/**
 * Registers every command behind the one boundary where errors become messages.
 *
 * Shape: a command that fails, is cancelled or refused answers undefined; the message has been shown.
 */
export function registerCommands(shell: Shell): vscode.Disposable {
  const registrations = Object.values(commandIds).map((id) =>
    vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
      try {
        return await commands[id](shell, answersOf(shell, args));
      } catch (error) {
        reportError(error, shell.log, { command: id, argument: args[0] });
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

/**
 * The palette and keys pass nothing: then the rows selected in the view are meant. A menu passes its row, which may be undefined
 * while the view is being drawn anew: then the selection is somebody else, and the command asks.
 */
function answersOf(shell: Shell, args: readonly unknown[]): readonly Answers[] {
  return args.length === 0 ? shell.tree.selection : parseAnswers(args);
}
