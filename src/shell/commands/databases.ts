import * as vscode from 'vscode';
import type { Answers } from '../answers.ts';
import { reportDone } from '../report.ts';
import { turnedAway, type Shell } from '../shell.ts';

const settingsEditorFilter = '@ext:database-backup.database-backup';

/** Opens settings.json at a key or at a database's entry; without an answer, the settings editor at the settings of this extension. */
export async function openSettings(shell: Shell, answers: readonly Answers[]): Promise<void> {
  const [given] = answers;
  const path = given?.path ?? (given?.alias === undefined ? undefined : ['dbbackup.databases', given.alias]);
  // A key that is missing has no place: its database's has.
  for (let length = path?.length ?? 0; length > 0; length--) {
    if (await shell.settings.reveal({ folder: given?.folder, path: path?.slice(0, length) ?? [] })) return;
  }
  await vscode.commands.executeCommand('workbench.action.openSettings', settingsEditorFilter);
}

/** Reads settings, tools and dump directories anew. */
export async function refresh(shell: Shell): Promise<void> {
  shell.settings.refresh();
  await shell.inventory.refresh();
  await shell.inventory.describe();
}

/** Shows what jobs and tools said. */
export async function showLog(shell: Shell): Promise<void> {
  shell.log.show();
  return Promise.resolve();
}

/** Cancels the job of a row, or the only running one, or the one that is picked. */
export async function cancel(shell: Shell, answers: readonly Answers[]): Promise<void> {
  const { running } = shell.jobs;
  const named = answers.flatMap(({ alias, folder, file }) =>
    running.filter(({ subjects }) =>
      subjects.some((subject) =>
        subject.kind === 'dump'
          ? subject.file === file
          : subject.alias === alias && (folder ?? subject.folder) === subject.folder,
      ),
    ),
  );
  for (const job of named) job.cancel();
  if (named.length > 0) return;
  if (running.length === 0) return reportDone(vscode.l10n.t('Nothing is running.'), []);
  const [only] = running;
  if (running.length === 1) return only?.cancel();
  const items = running.map((job) => ({ label: job.title, job }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Cancel which job?') });
  if (picked === undefined) throw turnedAway();
  picked.job.cancel();
}
