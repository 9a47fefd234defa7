import * as vscode from 'vscode';
import type { DumpEntry } from '../../core/dumpEntry.ts';
import type { ResultOf } from '../../core/job.ts';
import { dumpsToDelete } from '../../core/retention.ts';
import { countText, nameText, sizeText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseDatabases } from '../picks.ts';
import { confirm } from '../prompts.ts';
import { reportDone } from '../report.ts';
import { settingsOf, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

type Cleaned = ResultOf<'clean'>;

/** Deletes what the retention setting no longer keeps, after saying how much that is. Without an answer, of all databases. */
export async function clean(shell: Shell, answers: readonly Answers[]): Promise<readonly Cleaned[]> {
  requireTrust();
  const databases = answers.length > 0 ? await chooseDatabases(shell, answers, '') : shell.inventory.databases;
  const old = databases.flatMap((listed) => dumpsToDelete(listed.dumps, settingsOf(shell, listed.folder).cleanupKeep));
  if (old.length === 0) {
    reportDone(vscode.l10n.t('There are no old backups to delete.'), []);
    return [];
  }
  await confirmClean(old, databases);
  const cleaned: Cleaned[] = [];
  try {
    for (const [folder, listed] of Map.groupBy(databases, (database) => database.folder)) {
      cleaned.push(await cleanFolder(shell, folder, listed));
    }
  } finally {
    await shell.inventory.refresh();
    reportCleaned(cleaned);
  }
  return cleaned;
}

async function cleanFolder(shell: Shell, folder: string, listed: readonly ListedDatabase[]): Promise<Cleaned> {
  const request = {
    kind: 'clean',
    databases: listed.map(({ database }) => database),
    dumps: settingsOf(shell, folder),
    stateDirectory: shell.stateDirectory,
  } as const;
  const subjects = listed.map(({ database }) => ({ kind: 'database', folder, alias: database.alias }) as const);
  return shell.jobs.run<'clean'>(request, { title: vscode.l10n.t('Cleaning old backups'), subjects });
}

async function confirmClean(old: readonly DumpEntry[], databases: readonly ListedDatabase[]): Promise<void> {
  const what = countText(old.length, 'old dump');
  const [only] = databases;
  const title =
    databases.length === 1 && only !== undefined
      ? vscode.l10n.t('Delete {0} of {1}?', what, nameText(only.database.alias))
      : vscode.l10n.t('Delete {0} of {1}?', what, countText(databases.length, 'database'));
  const freed = sizeText(old.reduce((total, { sizeBytes }) => total + sizeBytes, 0));
  const detail = vscode.l10n.t('Frees {0}. The newest verified dumps are kept; deleted ones can’t be brought back.', freed);
  await confirm({ title, detail, yes: vscode.l10n.t('Delete') });
}

function reportCleaned(cleaned: readonly Cleaned[]): void {
  const count = cleaned.reduce((total, { deleted }) => total + deleted.length, 0);
  const freed = cleaned.reduce((total, { freedBytes }) => total + freedBytes, 0);
  if (count > 0) reportDone(vscode.l10n.t('Deleted {0} ({1}).', countText(count, 'old dump'), sizeText(freed)), []);
}
