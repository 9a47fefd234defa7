import * as vscode from 'vscode';
import type { RestorePreview } from '../core/restorePreview.ts';
import { engineText, restoreDetail, restoreDocument, restoreTitle } from '../core/restoreWords.ts';
import type { Question } from '../core/run.ts';
import { nameText, sentenceText, visibleText } from '../core/words.ts';
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
      return confirmProceed(question, documents);
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
 * A question that needs a look before a yes.
 *
 * Shape: `look` opens a whole text in an editor, and the question is asked again beside it; `yes.icon` is a codicon.
 */
export interface LookedAtQuestion {
  readonly title: string;
  readonly detail: string;
  readonly look: { readonly button: string; readonly name: string; readonly text: string };
  readonly no: string;
  readonly yes: { readonly icon: string; readonly label: string; readonly description?: string };
}

/**
 * Asks before something with consequences. VS Code focuses the first button, so Enter shows the whole text and never says yes.
 *
 * Shape: after the look the question waits above the document, which can be read and scrolled meanwhile.
 */
export async function confirmBeside(documents: ReadOnlyDocuments, question: LookedAtQuestion): Promise<boolean> {
  const { title, detail, look, no, yes } = question;
  const choice = await vscode.window.showWarningMessage(title, { modal: true, detail }, look.button, yes.label);
  if (choice !== look.button) return choice === yes.label;
  const document = await documents.open(look.name, look.text);
  try {
    const items = [
      { label: `$(close) ${no}`, isYes: false },
      { label: `$(${yes.icon}) ${yes.label}`, description: yes.description ?? '', isYes: true },
    ];
    const options = { title, placeHolder: vscode.l10n.t('Read it, then choose'), ignoreFocusOut: true };
    return (await vscode.window.showQuickPick(items, options))?.isYes ?? false;
  } finally {
    await document.close();
  }
}

async function confirmRestore(preview: RestorePreview, documents: ReadOnlyDocuments): Promise<boolean> {
  const isConfirmed = await confirmBeside(documents, {
    title: restoreTitle(preview, new Date()),
    detail: restoreDetail(preview),
    look: {
      button: vscode.l10n.t('Show Changes'),
      name: vscode.l10n.t('Changes of {0}', nameText(preview.alias)),
      text: restoreDocument(preview),
    },
    no: vscode.l10n.t('Keep the Database as It Is'),
    yes: {
      icon: 'history',
      label: vscode.l10n.t('Restore'),
      description: iconless(`${engineText(preview.engine)} ${preview.target}`),
    },
  });
  return isConfirmed && (preview.typeToConfirm === undefined || confirmByTyping(preview.typeToConfirm, preview));
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

async function confirmProceed(
  { alias, title, detail, yes }: Extract<Question, { kind: 'proceed' }>,
  documents: ReadOnlyDocuments,
): Promise<boolean> {
  return confirmBeside(documents, {
    title: sentenceText(title),
    detail: sentenceText(detail),
    look: {
      button: vscode.l10n.t('Show Details'),
      name: vscode.l10n.t('Question about {0}', nameText(alias)),
      text: visibleText(`${title}\n\n${detail}\n`),
    },
    no: vscode.l10n.t('Stop Here'),
    yes: { icon: 'arrow-right', label: nameText(yes) },
  });
}

async function confirmRollBack(alias: string, reason: string): Promise<boolean> {
  const title = vscode.l10n.t('Roll {0} back to its safety dump?', nameText(alias));
  const rollBack: vscode.MessageItem = { title: vscode.l10n.t('Roll Back') };
  const keep: vscode.MessageItem = { title: vscode.l10n.t('Keep As Is'), isCloseAffordance: true };
  const options = { modal: true, detail: sentenceText(reason) };
  return (await vscode.window.showWarningMessage(title, options, rollBack, keep)) === rollBack;
}
