import { isAbsolute, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { Database } from '../../core/database.ts';
import type { Family } from '../../core/engines.ts';
import { engineText } from '../../core/restoreWords.ts';
import type { Answers } from '../answers.ts';
import { iconless } from '../iconless.ts';
import type { NewDatabase as NewEntry } from '../settingsFiles.ts';
import { turnedAway, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';
import { askInSteps, inputStep, pickStep, type Step } from '../wizard.ts';
import { serverSteps, testStep, type Inspect, type NewServer } from './serverSteps.ts';

/** What the steps find out. */
interface NewDatabase extends NewServer {
  readonly folder?: vscode.WorkspaceFolder;
  readonly engine?: string;
  readonly alias?: string;
}

/** Engines that can be added, with the ENGINE that is written. */
const engines: readonly { readonly family: Family; readonly engine: string; readonly label?: string; readonly detail: string }[] =
  [
    { family: 'sqlite', engine: 'sqlite3', detail: vscode.l10n.t('A database in a file of the workspace') },
    { family: 'postgresql', engine: 'postgresql', detail: vscode.l10n.t('A database on a server, through pg_dump') },
    {
      family: 'mysql',
      engine: 'mysql',
      label: vscode.l10n.t('MySQL or MariaDB'),
      detail: vscode.l10n.t('A database on a server, through mysqldump or mariadb-dump'),
    },
    { family: 'mongodb', engine: 'mongodb', detail: vscode.l10n.t('A database on a server, through mongodump') },
  ];

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
  const start: NewDatabase = folders.length === 1 ? { folder: only } : {};
  const first = [...(folders.length === 1 ? [] : [folderStep(folders)]), engineStep(shell), aliasStep(shell)];
  const inspect: Inspect = (database, signal) => shell.jobs.inspect(database, shell.stateDirectory, signal);
  const test = testStep<NewDatabase>((known) => resolved(shell, known), inspect);
  const known = await askInSteps<NewDatabase>(vscode.l10n.t('Add Database'), start, ({ family }) => ({
    steps: family === 'sqlite' ? [...first, fileStep()] : [...first, ...serverSteps, test],
    isComplete: family !== undefined,
  }));
  const written = entryOf(known);
  if (written === undefined) throw turnedAway();
  const database = shell.settings.resolve(written);
  if (database !== undefined && known.password !== undefined && known.password !== '') {
    await shell.passwords.keep(database, known.password);
  }
  await shell.settings.addDatabase(written);
}

/** What is written into settings.json: the password never is. */
function entryOf({ folder, engine, alias, name, host, port, user }: NewDatabase): NewEntry | undefined {
  if (folder === undefined || engine === undefined || alias === undefined || name === undefined) return undefined;
  const keys = {
    ENGINE: engine,
    NAME: name,
    ...(user === undefined || user === '' ? {} : { USER: user }),
    ...(host === undefined ? {} : { HOST: host }),
    ...(port === undefined ? {} : { PORT: Number(port) }),
  };
  return { folder: folder.uri.fsPath, alias, keys };
}

/** The database as its job will see it, with the password that was typed. */
function resolved({ settings }: Shell, known: NewDatabase): Database | undefined {
  const entry = entryOf(known);
  const database = entry === undefined ? undefined : settings.resolve(entry);
  const { password = '' } = known;
  if (database === undefined || password === '') return database;
  return { ...database, keys: { ...database.keys, PASSWORD: password } };
}

function folderStep(folders: readonly vscode.WorkspaceFolder[]): Step<NewDatabase> {
  return pickStep<NewDatabase>(vscode.l10n.t('Whose database is it?'), () =>
    folders.map((folder) => ({ label: iconless(folder.name), description: iconless(folder.uri.fsPath), answer: { folder } })),
  );
}

function engineStep({ icons }: Shell): Step<NewDatabase> {
  return pickStep<NewDatabase>(vscode.l10n.t('Which kind of database?'), () =>
    engines.map(({ family, engine, label = engineText(family), detail }) => ({
      label,
      detail,
      iconPath: icons.of(family),
      answer: { family, engine },
    })),
  );
}

function aliasStep({ inventory }: Shell): Step<NewDatabase> {
  const aliasesOf = (folder: vscode.WorkspaceFolder | undefined): readonly string[] =>
    inventory.folders.find((listed) => listed.folder === folder?.uri.fsPath)?.aliases ?? [];
  return inputStep<NewDatabase>({
    prompt: vscode.l10n.t('What do you call it? Dumps and messages carry this name.'),
    suggest: ({ folder }) => (aliasesOf(folder).includes('default') ? '' : 'default'),
    problemOf: (text, { folder }) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/.test(text))
        return vscode.l10n.t('Use letters, digits, dots, dashes and underscores.');
      return aliasesOf(folder).includes(text) ? vscode.l10n.t('{0} is there already.', text) : undefined;
    },
    textOf: ({ alias }) => alias,
    answerOf: (alias) => ({ alias }),
  });
}

function fileStep(): Step<NewDatabase> {
  return pickStep<NewDatabase>(vscode.l10n.t('Where is the database file?'), async ({ folder }) => {
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
async function chooseFile(folder: vscode.WorkspaceFolder | undefined): Promise<NewDatabase | undefined> {
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
