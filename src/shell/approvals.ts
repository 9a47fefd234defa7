import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { isLocal, type Database } from '../core/database.ts';
import { isModuleConnector } from '../core/engines.ts';
import type { DescribedDatabase } from '../core/job.ts';
import { composeFileNames, containerParts, planHash, planText, workspaceParts } from '../core/plan.ts';
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
  readonly #stateDirectory: string;

  constructor(state: vscode.Memento, documents: ReadOnlyDocuments, stateDirectory: string) {
    this.#state = state;
    this.#documents = documents;
    this.#stateDirectory = stateDirectory;
  }

  /**
   * Asks once before what a workspace's settings or its containers start is started for a database. Nothing is asked where they start nothing.
   *
   * Shape: `describe` says what would run, without running it; a module of the workspace cannot be asked, because asking would run it.
   * Gives whether containers are part of what was allowed. Errors: the abort reason when it is not allowed; BackupError `disk.*`.
   */
  async approve(database: Database, describe: () => Promise<DescribedDatabase | undefined>): Promise<boolean> {
    const own = workspaceParts(database);
    if (own.length === 0 && !mayNeedContainer(database)) return false;
    const description = isModuleConnector(database.connector) ? undefined : await describe();
    const containers = containerParts(description);
    const parts = [...own, ...containers];
    if (parts.length === 0) return false;
    const plan = planText(database, description);
    const { originKey } = await import('../dumps/catalog.ts');
    const hash = planHash(await originKey(this.#stateDirectory), database, plan);
    const approved = this.#state.get<readonly string[]>(memory, []);
    if (approved.includes(hash)) return containers.length > 0;
    const alias = nameText(database.alias);
    const lines = parts.slice(0, shownParts).map(({ key, value, source }) => sentenceText(`${key}: ${value} (${source})`));
    const isAllowed = await confirmBeside(this.#documents, {
      title: vscode.l10n.t('Let this workspace decide what is started for {0}?', alias),
      detail: [
        ...lines,
        ...(parts.length > shownParts ? [vscode.l10n.t('and {0} more', parts.length - shownParts)] : []),
        ...(containers.length > 0 ? [vscode.l10n.t('No such program was found on this machine.')] : []),
        vscode.l10n.t('You are asked again when any of it changes.'),
      ].join('\n'),
      look: { button: vscode.l10n.t('Show Plan'), name: vscode.l10n.t('Plan of {0}', alias), text: plan },
      no: vscode.l10n.t('Start Nothing'),
      yes: { icon: 'play', label: vscode.l10n.t('Allow') },
    });
    if (!isAllowed) throw turnedAway();
    await this.#state.update(memory, [...approved, hash]);
    return containers.length > 0;
  }
}

/** A tool that is not installed may be in the container of a server on this machine. */
function mayNeedContainer({ folder, target }: Database): boolean {
  return target.kind === 'server' && isLocal(target) && composeFileNames.some((name) => existsSync(join(folder, name)));
}
