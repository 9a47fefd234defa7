import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { BackupError } from '../../core/errors.ts';
import type { ResultOf } from '../../core/job.ts';
import { durationText, nameText, sentenceText, timeText } from '../../core/words.ts';
import { newestRestorable } from '../../core/retention.ts';
import type { Answers } from '../answers.ts';
import { gitFacts } from '../git.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseDatabase, pickDump } from '../picks.ts';
import { reportDone, reportWarning, showLog } from '../report.ts';
import { settingsOf, turnedAway, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

type Restore = ResultOf<'restore'>;

const whichDatabase = vscode.l10n.t('Restore which database?');

/** Restores a database from a named or picked dump. The job asks before it changes anything. */
export async function restore(shell: Shell, answers: readonly Answers[]): Promise<Restore> {
  requireTrust();
  const listed = await chooseDatabase(shell, answers, whichDatabase);
  return restoreFrom(shell, listed, answers[0]?.file ?? (await pickFile(listed)));
}

/** Restores a database from its newest dump that is not damaged; safety dumps and foreign targets' dumps don't count. */
export async function restoreLatest(shell: Shell, answers: readonly Answers[]): Promise<Restore> {
  requireTrust();
  const listed = await chooseDatabase(shell, answers, whichDatabase);
  const latest = newestRestorable(listed.dumps);
  if (latest === undefined) throw noDumps(listed);
  return restoreFrom(shell, listed, latest.file);
}

/** Brings back what the last restore of a database replaced, from its safety dump. It asks like any restore. */
export async function undoRestore(shell: Shell, answers: readonly Answers[]): Promise<Restore> {
  requireTrust();
  const listed = await chooseDatabase(shell, answers, vscode.l10n.t('Undo the restore of which database?'));
  const file = answers[0]?.file ?? listed.undo?.file;
  if (file !== undefined) return restoreFrom(shell, listed, file);
  const sentence = vscode.l10n.t('There is no safety dump of {0} to go back to.', nameText(listed.database.alias));
  throw new BackupError('dumps.none', sentence, { hint: vscode.l10n.t('One is made by each restore.') });
}

async function pickFile(listed: ListedDatabase): Promise<string> {
  const placeHolder = vscode.l10n.t('Restore {0} from which dump?', nameText(listed.database.alias));
  const picked = await pickDump(listed.dumps, { placeHolder, choosesFile: true });
  if (picked.kind === 'dump') return picked.entry.file;
  const uris = await vscode.window.showOpenDialog({
    title: placeHolder,
    openLabel: vscode.l10n.t('Restore…'),
    defaultUri: vscode.Uri.file(listed.directory),
  });
  const file = uris?.[0]?.fsPath;
  if (file === undefined) throw turnedAway();
  return file;
}

async function restoreFrom(shell: Shell, { database, folder }: ListedDatabase, dump: string): Promise<Restore> {
  const git = gitFacts(folder);
  const request = {
    kind: 'restore',
    database,
    dump,
    dumps: settingsOf(shell, folder),
    stateDirectory: shell.stateDirectory,
    ...(git === undefined ? {} : { git }),
  } as const;
  const title = vscode.l10n.t('Restoring {0}', nameText(database.alias));
  const subjects = [{ kind: 'database', folder, alias: database.alias }] as const;
  const result = await shell.jobs.run<'restore'>(request, { title, subjects }).finally(() => shell.inventory.refresh());
  reportRestore(result, folder);
  return result;
}

function reportRestore(result: Restore, folder: string): void {
  const { alias, safetyFile, warnings } = result;
  const time = timeText(result.dumpCreatedUtc, new Date());
  const sentence = vscode.l10n.t('Restored {0} from {1} ({2}).', nameText(alias), time, durationText(result.durationMs));
  const argument = { alias, folder, file: safetyFile };
  const undo = { title: vscode.l10n.t('Undo Restore'), command: commandIds.undoRestore, argument };
  const actions = [...(safetyFile === undefined ? [] : [undo]), showLog];
  const [warning] = warnings;
  if (warning === undefined) return reportDone(sentence, actions);
  reportWarning(`${sentence} ${sentenceText(warning)}`, actions);
}

function noDumps({ database }: ListedDatabase): BackupError {
  return new BackupError('dumps.none', vscode.l10n.t('There is no dump of {0} to restore.', nameText(database.alias)), {
    hint: vscode.l10n.t('Back it up first.'),
  });
}
