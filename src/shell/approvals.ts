import * as vscode from 'vscode';
import type { Database } from '../core/database.ts';
import { isModuleConnector } from '../core/engines.ts';
import type { DescribedDatabase } from '../core/job.ts';
import { planHash, planText, workspaceParts } from '../core/plan.ts';
import { nameText, sentenceText } from '../core/words.ts';
import { confirmBeside } from './prompts.ts';
import type { ReadOnlyDocuments } from './readOnlyDocuments.ts';
import { turnedAway } from './shell.ts';

const memory = 'dbbackup.approvedPlans';
const shownParts = 5;

/** What the user has allowed the settings of this workspace to start: whole plans, by hash. One changed character is another plan. */
export class Approvals {
  readonly #state: vscode.Memento;
  readonly #documents: ReadOnlyDocuments;

  constructor(state: vscode.Memento, documents: ReadOnlyDocuments) {
    this.#state = state;
    this.#documents = documents;
  }

  /**
   * Asks once before what a workspace's settings start is started for a database. Nothing is asked where they start nothing of their own.
   *
   * Shape: `describe` says what would run, without running it; a module of the workspace cannot be asked, because asking would run it.
   * Errors: the abort reason when it is not allowed.
   */
  async approve(database: Database, describe: () => Promise<DescribedDatabase | undefined>): Promise<void> {
    const parts = workspaceParts(database);
    if (parts.length === 0) return;
    const plan = planText(database, isModuleConnector(database.connector) ? undefined : await describe());
    const hash = planHash(plan);
    const approved = this.#state.get<readonly string[]>(memory, []);
    if (approved.includes(hash)) return;
    const alias = nameText(database.alias);
    const lines = parts.slice(0, shownParts).map(({ key, value, source }) => sentenceText(`${key}: ${value} (${source})`));
    const isAllowed = await confirmBeside(this.#documents, {
      title: vscode.l10n.t('Let this workspace decide what is started for {0}?', alias),
      detail: [
        ...lines,
        ...(parts.length > shownParts ? [vscode.l10n.t('and {0} more', parts.length - shownParts)] : []),
        vscode.l10n.t('You are asked again when any of it changes.'),
      ].join('\n'),
      look: { button: vscode.l10n.t('Show Plan'), name: vscode.l10n.t('Plan of {0}', alias), text: plan },
      no: vscode.l10n.t('Start Nothing'),
      yes: { icon: 'play', label: vscode.l10n.t('Allow') },
    });
    if (!isAllowed) throw turnedAway();
    await this.#state.update(memory, [...approved, hash]);
  }
}
