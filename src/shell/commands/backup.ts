import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { BackupError, isCancellation, toFailure } from '../../core/errors.ts';
import type { ResultOf } from '../../core/job.ts';
import { durationText, listText, nameText, sentenceText, sizeText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import { gitFacts } from '../git.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseDatabases } from '../picks.ts';
import { reportDone, reportWarning, showLog } from '../report.ts';
import { isTurnedAway, noDatabase, settingsOf, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

type Backup = ResultOf<'backup'>;

/** Backs up the named or chosen databases, one after the other. Answers with what was made. */
export async function backUp(shell: Shell, answers: readonly Answers[]): Promise<readonly Backup[]> {
  requireTrust();
  return backUpEach(shell, await chooseDatabases(shell, answers, vscode.l10n.t('Back up which database?')));
}

/** Backs up every database of the workspace; one that fails, or whose plan is refused, does not keep the others from it. */
export async function backUpAll(shell: Shell): Promise<readonly Backup[]> {
  requireTrust();
  if (shell.inventory.databases.length === 0) throw noDatabase();
  return backUpEach(shell, shell.inventory.databases);
}

/** VS Code has no toast for a fourth message within 800 ms, and each job has had one: what became of them all must not be the fourth. */
const toastPauseMs = 900;

interface Made {
  readonly listed: ListedDatabase;
  readonly result: Backup;
}

/**
 * Errors: that of the only failure, or one for all of them, after every database had its turn. A cancelled job ends it at once, and so does
 * the refused plan of an only database.
 */
async function backUpEach(shell: Shell, databases: readonly ListedDatabase[]): Promise<readonly Backup[]> {
  const made: Made[] = [];
  const refused: string[] = [];
  const failures: { readonly alias: string; readonly error: unknown }[] = [];
  try {
    for (const listed of databases) {
      try {
        made.push({ listed, result: await backUpOne(shell, listed) });
      } catch (error) {
        const { alias } = listed.database;
        if (isTurnedAway(error) && databases.length > 1) refused.push(alias);
        else if (isCancellation(error)) throw error;
        else failures.push({ alias, error });
      }
    }
  } finally {
    await shell.inventory.refresh();
    if (databases.length > 1) await pause(toastPauseMs);
    reportBackups(made);
    if (refused.length > 0) reportWarning(vscode.l10n.t('Not allowed, so not backed up: {0}.', listText(refused)), []);
  }
  const [first, ...others] = failures;
  if (first === undefined) return made.map(({ result }) => result);
  if (others.length === 0) throw first.error;
  const { code, sentence } = toFailure(first.error);
  const names = listText(failures.map(({ alias }) => alias));
  throw new BackupError(code, vscode.l10n.t('Backing up {0} failed.', names), { hint: sentence, cause: first.error });
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

function reportBackups(made: readonly Made[]): void {
  const [first] = made;
  if (first === undefined) return;
  const { listed, result } = first;
  const size = sizeText(sum(made.map((one) => one.result.sizeBytes)));
  const duration = durationText(sum(made.map((one) => one.result.durationMs)));
  const reveal = { title: vscode.l10n.t('Reveal'), command: commandIds.reveal, argument: { file: result.file } };
  if (made.length > 1) {
    return reportDone(vscode.l10n.t('Backed up {0} databases ({1}, {2}).', made.length, size, duration), [reveal, showLog]);
  }
  const sentence = vscode.l10n.t('Backed up {0} ({1}, {2}).', nameText(result.alias), size, duration);
  const [warning] = result.warnings;
  if (warning !== undefined) return reportWarning(`${sentence} ${sentenceText(warning)}`, [reveal, showLog]);
  const argument = { alias: result.alias, folder: listed.folder };
  reportDone(sentence, [reveal, { title: vscode.l10n.t('Restore…'), command: commandIds.restore, argument }]);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
