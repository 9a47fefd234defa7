import * as vscode from 'vscode';
import type { RestorePreview } from '../core/restorePreview.ts';
import { engineText, restoreDetail, restoreDocument, restoreTitle } from '../core/restoreWords.ts';
import type { Question } from '../core/run.ts';
import { nameText, sentenceText } from '../core/words.ts';
import type { ReadOnlyDocuments } from './readOnlyDocuments.ts';
import { iconless } from './iconless.ts';
import { turnedAway } from './shell.ts';

/** Puts a job's question to the person, in the words and with the buttons that the question needs. Closing a dialog means no. */
export async function answerQuestion(question: Question, documents: ReadOnlyDocuments): Promise<boolean> {
  switch (question.kind) {
    case 'confirmRestore':
      return confirmRestore(question.preview, documents);
    case 'rollBack':
      return confirmRollBack(question.alias, question.reason);
    case 'proceed':
      return confirmProceed(question);
  }
}

/**
 * Asks before something that can't be undone.
 *
 * Errors: the abort reason when the answer is not yes.
 */
export async function confirm({
  title,
  detail,
  yes,
}: {
  readonly title: string;
  readonly detail: string;
  readonly yes: string;
}): Promise<void> {
  if ((await vscode.window.showWarningMessage(title, { modal: true, detail }, yes)) !== yes) throw turnedAway();
}

/**
 * Asks before a restore. VS Code focuses the first button, so Enter shows the changes and never restores.
 *
 * Shape: after *Show Changes* the question waits above the document, which can be read and scrolled meanwhile.
 */
async function confirmRestore(preview: RestorePreview, documents: ReadOnlyDocuments): Promise<boolean> {
  const title = restoreTitle(preview, new Date());
  const showChanges = vscode.l10n.t('Show Changes');
  const restore = vscode.l10n.t('Restore');
  const options = { modal: true, detail: restoreDetail(preview) };
  const choice = await vscode.window.showWarningMessage(title, options, showChanges, restore);
  if (choice === undefined) return false;
  if (choice === showChanges && !(await confirmBesideChanges(title, preview, documents))) return false;
  return preview.typeToConfirm === undefined || confirmByTyping(preview.typeToConfirm, preview);
}

async function confirmBesideChanges(title: string, preview: RestorePreview, documents: ReadOnlyDocuments): Promise<boolean> {
  const document = await documents.open(vscode.l10n.t('Changes of {0}', nameText(preview.alias)), restoreDocument(preview));
  try {
    const keep = { label: `$(close) ${vscode.l10n.t('Keep the Database as It Is')}`, isYes: false };
    const target = iconless(`${engineText(preview.engine)} ${preview.target}`);
    const restore = { label: `$(history) ${vscode.l10n.t('Restore')}`, description: target, isYes: true };
    const options = { title, placeHolder: vscode.l10n.t('Read the changes, then choose'), ignoreFocusOut: true };
    return (await vscode.window.showQuickPick([keep, restore], options))?.isYes ?? false;
  } finally {
    await document.close();
  }
}

async function confirmByTyping(name: string, preview: RestorePreview): Promise<boolean> {
  const shown = nameText(name);
  const prompt = preview.isRemote
    ? vscode.l10n.t('Type {0} to restore {1}', shown, nameText(preview.target))
    : vscode.l10n.t('Type {0} to restore without a safety dump', shown);
  const typed = await vscode.window.showInputBox({
    title: restoreTitle(preview, new Date()),
    prompt,
    ignoreFocusOut: true,
    validateInput: (value) => (value === name ? undefined : prompt),
  });
  return typed === name;
}

async function confirmProceed({ title, detail, yes }: Extract<Question, { kind: 'proceed' }>): Promise<boolean> {
  const proceed: vscode.MessageItem = { title: yes };
  const options = { modal: true, detail: sentenceText(detail) };
  return (await vscode.window.showWarningMessage(sentenceText(title), options, proceed)) === proceed;
}

async function confirmRollBack(alias: string, reason: string): Promise<boolean> {
  const title = vscode.l10n.t('Roll {0} back to its safety dump?', nameText(alias));
  const rollBack: vscode.MessageItem = { title: vscode.l10n.t('Roll Back') };
  const keep: vscode.MessageItem = { title: vscode.l10n.t('Keep As Is'), isCloseAffordance: true };
  const options = { modal: true, detail: sentenceText(reason) };
  return (await vscode.window.showWarningMessage(title, options, rollBack, keep)) === rollBack;
}
