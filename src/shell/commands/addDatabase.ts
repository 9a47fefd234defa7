import { isAbsolute, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { engineText } from '../../core/restoreWords.ts';
import type { Answers } from '../answers.ts';
import { iconless } from '../iconless.ts';
import { turnedAway, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';
import { askInSteps, inputStep, pickStep, type Step } from '../wizard.ts';

/** What the steps find out. */
interface NewDatabase {
  readonly folder: vscode.WorkspaceFolder;
  readonly engine: string;
  readonly alias: string;
  readonly name: string;
}

/** Engines that can be added, by family, with the ENGINE that is written. */
const engines = [
  { family: 'sqlite', engine: 'sqlite3', detail: vscode.l10n.t('A database in a file of the workspace') },
] as const;

const databaseFiles = '**/*.{sqlite3,sqlite,db,db3}';
const notDatabases = '**/{node_modules,.git,.venv,venv,backups}/**';
const foundFiles = 50;

/** Asks for a database, writes it to settings.json and opens it at the new lines. */
export async function addDatabase(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(
    ({ uri }) => answers[0]?.folder === undefined || uri.fsPath === answers[0].folder,
  );
  const [only] = folders;
  if (only === undefined) {
    await vscode.commands.executeCommand('workbench.action.files.openFolder');
    return;
  }
  const start: Partial<NewDatabase> = folders.length === 1 ? { folder: only } : {};
  const steps = [...(folders.length === 1 ? [] : [folderStep(folders)]), engineStep(shell), aliasStep(shell), fileStep()];
  const { folder, engine, alias, name } = await askInSteps(vscode.l10n.t('Add Database'), start, steps);
  if (folder === undefined || engine === undefined || alias === undefined || name === undefined) throw turnedAway();
  await shell.settings.addDatabase({ folder: folder.uri.fsPath, alias, keys: { ENGINE: engine, NAME: name } });
}

function folderStep(folders: readonly vscode.WorkspaceFolder[]): Step<Partial<NewDatabase>> {
  return pickStep<Partial<NewDatabase>>(vscode.l10n.t('Whose database is it?'), () =>
    folders.map((folder) => ({ label: iconless(folder.name), description: iconless(folder.uri.fsPath), answer: { folder } })),
  );
}

function engineStep({ icons }: Shell): Step<Partial<NewDatabase>> {
  return pickStep<Partial<NewDatabase>>(vscode.l10n.t('Which kind of database?'), () =>
    engines.map(({ family, engine, detail }) => ({
      label: engineText(family),
      detail,
      iconPath: icons.of(family),
      answer: { engine },
    })),
  );
}

function aliasStep({ inventory }: Shell): Step<Partial<NewDatabase>> {
  const aliasesOf = (folder: vscode.WorkspaceFolder | undefined): readonly string[] =>
    inventory.folders.find((listed) => listed.folder === folder?.uri.fsPath)?.aliases ?? [];
  return inputStep<Partial<NewDatabase>>({
    prompt: vscode.l10n.t('What do you call it? Dumps and messages carry this name.'),
    suggest: ({ folder }) => (aliasesOf(folder).includes('default') ? '' : 'default'),
    problemOf: (text, { folder }) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/.test(text))
        return vscode.l10n.t('Use letters, digits, dots, dashes and underscores.');
      return aliasesOf(folder).includes(text) ? vscode.l10n.t('{0} is there already.', text) : undefined;
    },
    answerOf: (alias) => ({ alias }),
  });
}

function fileStep(): Step<Partial<NewDatabase>> {
  return pickStep<Partial<NewDatabase>>(vscode.l10n.t('Where is the database file?'), async ({ folder }) => {
    const pattern = folder === undefined ? databaseFiles : new vscode.RelativePattern(folder, databaseFiles);
    const files = await vscode.workspace.findFiles(pattern, notDatabases, foundFiles);
    const found = files.map((uri) => vscode.workspace.asRelativePath(uri, false)).sort();
    return [
      ...found.map((name) => ({ label: iconless(name), answer: { name } })),
      { label: vscode.l10n.t('Choose a file…'), alwaysShow: true, answer: () => chooseFile(folder) },
    ];
  });
}

/** A file in the workspace is named relative to it, so that the settings can be shared. */
async function chooseFile(folder: vscode.WorkspaceFolder | undefined): Promise<Partial<NewDatabase> | undefined> {
  const uris = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Where is the database file?'),
    openLabel: vscode.l10n.t('Add'),
    ...(folder === undefined ? {} : { defaultUri: folder.uri }),
  });
  const path = uris?.[0]?.fsPath;
  if (path === undefined || folder === undefined) return undefined;
  const inside = relative(folder.uri.fsPath, path);
  const isInside = !inside.startsWith('..') && !isAbsolute(inside);
  return { name: isInside ? inside.split(sep).join('/') : path };
}
