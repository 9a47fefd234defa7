import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import type { ResultOf } from '../../core/job.ts';
import { durationText, nameText, sentenceText, sizeText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import { gitFacts } from '../git.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseDatabases } from '../picks.ts';
import { reportDone, reportWarning, showLog } from '../report.ts';
import { noDatabase, settingsOf, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

type Backup = ResultOf<'backup'>;

/** Backs up the named or chosen databases, one after the other. Answers with what was made. */
export async function backUp(shell: Shell, answers: readonly Answers[]): Promise<readonly Backup[]> {
  requireTrust();
  return backUpEach(shell, await chooseDatabases(shell, answers, vscode.l10n.t('Back up which database?')));
}

/** Backs up every database of the workspace. The first failure ends it: what was made before it stays. */
export async function backUpAll(shell: Shell): Promise<readonly Backup[]> {
  requireTrust();
  if (shell.inventory.databases.length === 0) throw noDatabase();
  return backUpEach(shell, shell.inventory.databases);
}

async function backUpEach(shell: Shell, databases: readonly ListedDatabase[]): Promise<readonly Backup[]> {
  const results: Backup[] = [];
  try {
    for (const listed of databases) results.push(await backUpOne(shell, listed));
  } finally {
    await shell.inventory.refresh();
    reportBackups(results, databases);
  }
  return results;
}

async function backUpOne(shell: Shell, { database, folder }: ListedDatabase): Promise<Backup> {
  const git = gitFacts(folder);
  const request = {
    kind: 'backup',
    database,
    dumps: settingsOf(shell, folder),
    stateDirectory: shell.stateDirectory,
    ...(git === undefined ? {} : { git }),
  } as const;
  const title = vscode.l10n.t('Backing up {0}', nameText(database.alias));
  return shell.jobs.run<'backup'>(request, { title, subjects: [{ kind: 'database', folder, alias: database.alias }] });
}

function reportBackups(results: readonly Backup[], databases: readonly ListedDatabase[]): void {
  const [first] = results;
  if (first === undefined) return;
  const size = sizeText(sum(results.map(({ sizeBytes }) => sizeBytes)));
  const duration = durationText(sum(results.map(({ durationMs }) => durationMs)));
  const reveal = { title: vscode.l10n.t('Reveal'), command: commandIds.reveal, argument: { file: first.file } };
  if (results.length > 1) {
    return reportDone(vscode.l10n.t('Backed up {0} databases ({1}, {2}).', results.length, size, duration), [reveal, showLog]);
  }
  const sentence = vscode.l10n.t('Backed up {0} ({1}, {2}).', nameText(first.alias), size, duration);
  const [warning] = first.warnings;
  if (warning !== undefined) return reportWarning(`${sentence} ${sentenceText(warning)}`, [reveal, showLog]);
  const answer = { alias: first.alias, folder: databases[0]?.folder };
  reportDone(sentence, [reveal, { title: vscode.l10n.t('Restore…'), command: commandIds.restore, argument: answer }]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
