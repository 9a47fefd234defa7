import * as vscode from 'vscode';
import { BackupError } from '../core/errors.ts';

/**
 * Stops whatever needs a trusted workspace. Commands call it themselves, because a hidden command can still be run.
 *
 * Errors: BackupError `trust.restricted`.
 */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new BackupError('trust.restricted', vscode.l10n.t('In Restricted Mode dumps can only be looked at and verified.'), {
    hint: vscode.l10n.t('Trust the workspace to back up and restore its databases.'),
  });
}

/** Opens the editor in which the workspace can be trusted. */
export async function manageTrust(): Promise<void> {
  await vscode.commands.executeCommand('workbench.trust.manage');
}
