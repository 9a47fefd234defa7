import * as vscode from 'vscode';
import { commandIds, viewId } from '../../contributions.ts';
import { manifestName } from '../../core/dumpName.ts';
import type { DumpEntry } from '../../core/dumpEntry.ts';
import { BackupError } from '../../core/errors.ts';
import type { ResultOf } from '../../core/job.ts';
import { countText, nameText, sizeText, timeText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import { chooseDatabase, chooseDumps } from '../picks.ts';
import { confirm } from '../prompts.ts';
import { reportDamage, reportDone } from '../report.ts';
import { anySettings, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

/** Reads every byte of the chosen dumps and says whether they are whole. Works in Restricted Mode: no tool is started. */
export async function verify(shell: Shell, answers: readonly Answers[]): Promise<ResultOf<'verify'>> {
  const dumps = await chooseDumps(shell, answers, vscode.l10n.t('Verify which dump?'));
  const files = dumps.map(({ file }) => file);
  const request = {
    kind: 'verify',
    files,
    dumps: anySettings(shell),
    stateDirectory: shell.stateDirectory,
  } as const;
  const title = vscode.l10n.t('Verifying {0}', subjectText(dumps));
  const result = await shell.jobs.run<'verify'>(request, { title, subjects: files.map((file) => ({ kind: 'dump', file })) });
  await shell.inventory.refresh();
  reportVerified(result, dumps);
  return result;
}

/** Deletes the chosen dumps, each with its manifest: into the trash, or for good after a question where there is none. */
export async function deleteDumps(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const dumps = await chooseDumps(shell, answers, vscode.l10n.t('Delete which dump?'));
  try {
    const [first] = dumps;
    if (first === undefined || (await movesToTrash(first))) {
      for (const dump of dumps.slice(1)) await remove(dump, { useTrash: true });
      return reportDone(vscode.l10n.t('Moved {0} to the trash.', subjectText(dumps)), []);
    }
    await confirmForGood(dumps);
    for (const dump of dumps) await remove(dump, { useTrash: false });
  } finally {
    await shell.inventory.refresh();
  }
}

/** Shows a dump in the system's file manager, or in the Explorer where there is none (remote). */
export async function reveal(shell: Shell, answers: readonly Answers[]): Promise<void> {
  const [dump] = await chooseDumps(shell, answers, vscode.l10n.t('Reveal which dump?'));
  if (dump === undefined) return;
  const uri = vscode.Uri.file(dump.file);
  const commands = await vscode.commands.getCommands(true);
  if (commands.includes('revealFileInOS')) {
    await vscode.commands.executeCommand('revealFileInOS', uri);
    return;
  }
  if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) {
    await vscode.commands.executeCommand('revealInExplorer', uri);
    return;
  }
  const copy = { title: vscode.l10n.t('Copy Path'), command: commandIds.copyPath, argument: { file: dump.file } };
  reportDone(vscode.l10n.t('{0} lies outside the folders that the Explorer shows.', nameText(dump.name)), [copy]);
}

/** Copies the absolute paths of the chosen dumps, one to a line. */
export async function copyPath(shell: Shell, answers: readonly Answers[]): Promise<void> {
  const dumps = await chooseDumps(shell, answers, vscode.l10n.t('Copy the path of which dump?'));
  await vscode.env.clipboard.writeText(dumps.map(({ file }) => file).join('\n'));
}

/** Lists all dumps of a database in the view, not only the ten newest. */
export async function showAll(shell: Shell, answers: readonly Answers[]): Promise<void> {
  const [given] = answers;
  if (given?.alias !== undefined && given.folder !== undefined) {
    shell.tree.showAll({ alias: given.alias, folder: given.folder });
    return;
  }
  const { database, folder } = await chooseDatabase(shell, answers, vscode.l10n.t('Show all dumps of which database?'));
  shell.tree.showAll({ alias: database.alias, folder });
  await vscode.commands.executeCommand(`${viewId}.focus`);
}

async function confirmForGood(dumps: readonly DumpEntry[]): Promise<void> {
  const title = vscode.l10n.t('Delete {0} for good?', subjectText(dumps));
  const size = sizeText(dumps.reduce((total, { sizeBytes }) => total + sizeBytes, 0));
  await confirm({
    title,
    detail: vscode.l10n.t('{0}. There is no trash here: it can’t be brought back.', size),
    yes: vscode.l10n.t('Delete'),
  });
}

/** False where the file system has no trash; then nothing has been deleted. */
async function movesToTrash(dump: DumpEntry): Promise<boolean> {
  try {
    await remove(dump, { useTrash: true });
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') throw missing(dump);
    return false;
  }
}

/** The dump goes first and its manifest last, so that no manifest ever vouches for a file that is being deleted. */
async function remove(dump: DumpEntry, options: { readonly useTrash: boolean }): Promise<void> {
  await vscode.workspace.fs.delete(vscode.Uri.file(dump.file), options);
  if (dump.manifest === undefined) return;
  await vscode.workspace.fs.delete(vscode.Uri.file(manifestName(dump.file)), options);
}

function subjectText(dumps: readonly DumpEntry[]): string {
  const [first] = dumps;
  if (first === undefined || dumps.length > 1) return countText(dumps.length, 'dump');
  const kind = first.kind === 'safety' ? vscode.l10n.t('safety dump') : vscode.l10n.t('dump');
  const time = timeText(first.createdUtc, new Date());
  return first.alias === undefined
    ? vscode.l10n.t('the {0} from {1}', kind, time)
    : vscode.l10n.t('the {0} of {1} from {2}', kind, nameText(first.alias), time);
}

function reportVerified({ files }: ResultOf<'verify'>, dumps: readonly DumpEntry[]): void {
  const damaged = files.filter(({ state }) => state === 'damaged');
  const [first] = damaged;
  if (first === undefined) return reportDone(vscode.l10n.t('Verified {0}: nothing is missing.', subjectText(dumps)), []);
  const dump = dumps.filter(({ file }) => damaged.some((found) => found.file === file));
  reportDamage(vscode.l10n.t('{0} can’t be restored: {1}', capitalised(subjectText(dump)), first.problem ?? ''));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function missing(dump: DumpEntry): BackupError {
  return new BackupError('dumps.missing', vscode.l10n.t('{0} is not there any more.', nameText(dump.name)), {
    hint: vscode.l10n.t('The view has been refreshed.'),
  });
}
