import * as vscode from 'vscode';
import { targetLabel } from '../../core/database.ts';
import { BackupError } from '../../core/errors.ts';
import { userOf } from '../../core/secretKey.ts';
import { nameText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseServer } from '../picks.ts';
import { reportDone } from '../report.ts';
import { turnedAway, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

/** Asks for a database's password and keeps it in secret storage, for this target and user only. */
export async function setPassword(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const { database } = await chooseServer(shell, answers, vscode.l10n.t('Set the password of which database?'));
  const alias = nameText(database.alias);
  if (database.keys['PASSWORD'] === null) {
    throw new BackupError('settings.invalid', vscode.l10n.t('The settings say that {0} has no password.', alias), {
      hint: vscode.l10n.t('Remove PASSWORD from them first.'),
    });
  }
  const target = nameText(targetLabel(database.target));
  const user = userOf(database.keys);
  const password = await vscode.window.showInputBox({
    title: vscode.l10n.t('Password of {0}', alias),
    prompt: user === '' ? target : vscode.l10n.t('{0} as {1}', target, nameText(user)),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (text === '' ? vscode.l10n.t('Type the password.') : undefined),
  });
  if (password === undefined) throw turnedAway();
  await shell.passwords.keep(database, password);
  reportDone(vscode.l10n.t('The password of {0} is in secret storage.', alias), []);
}

/** Takes a database's password out of secret storage. */
export async function forgetPassword(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const { database } = await chooseServer(shell, answers, vscode.l10n.t('Forget the password of which database?'));
  const alias = nameText(database.alias);
  if (!(await shell.passwords.has(database))) {
    return reportDone(vscode.l10n.t('No password of {0} is in secret storage.', alias), []);
  }
  await shell.passwords.forget(database);
  reportDone(vscode.l10n.t('The password of {0} is forgotten.', alias), []);
}

/** Moves a password out of the settings of a workspace into secret storage. */
export async function movePassword(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const listed = await chooseServer(shell, answers, vscode.l10n.t('Move the password of which database?'));
  const alias = nameText(listed.database.alias);
  const written = await shell.settings.passwordsOf(listed.database);
  const [first] = written.toReversed();
  if (first === undefined) throw nothingToMove(listed);
  await shell.passwords.keep(listed.database, first.password);
  for (const each of written) await shell.settings.remove(each);
  reportDone(vscode.l10n.t('The password of {0} is in secret storage. What git has recorded still holds it.', alias), []);
}

function nothingToMove({ database }: ListedDatabase): BackupError {
  const sentence = vscode.l10n.t('The settings of this workspace hold no password of {0}.', nameText(database.alias));
  return new BackupError('usage.invalid', sentence, { hint: vscode.l10n.t('Set Password keeps one in secret storage.') });
}
