import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import { targetLabel } from '../core/database.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { dumpDescription, dumpLabel, dumpStateText } from '../core/dumpWords.ts';
import { BackupError } from '../core/errors.ts';
import { engineText } from '../core/restoreWords.ts';
import { ageGroup, nameText } from '../core/words.ts';
import type { Answers } from './answers.ts';
import { iconless } from './iconless.ts';
import type { ListedDatabase } from './inventory.ts';
import { noDatabase, turnedAway, type Shell } from './shell.ts';

/**
 * The databases that a command is about: the named ones, else the only one, else a pick.
 *
 * Errors: BackupError `usage.unknownAlias`, `usage.noDatabase`; the abort reason when the pick is closed.
 */
export async function chooseDatabases(
  shell: Shell,
  answers: readonly Answers[],
  placeHolder: string,
  among: readonly ListedDatabase[] = shell.inventory.databases,
): Promise<readonly ListedDatabase[]> {
  const named = answers.flatMap((answer) => findDatabase(shell, answer) ?? []);
  if (named.length > 0) return named;
  const unknown = answers.find(({ alias, file }) => alias !== undefined && file === undefined)?.alias;
  if (unknown !== undefined) throw unknownAlias(unknown);
  return [await pickDatabase(shell, placeHolder, among)];
}

/** The one database that a command is about, found as by `chooseDatabases`. */
export async function chooseDatabase(shell: Shell, answers: readonly Answers[], placeHolder: string): Promise<ListedDatabase> {
  const [database] = await chooseDatabases(shell, answers.slice(0, 1), placeHolder);
  if (database === undefined) throw noDatabase();
  return database;
}

/**
 * The one database on a server that a command is about.
 *
 * Errors: BackupError `usage.invalid` for a database in a file; else as `chooseDatabases`.
 */
export async function chooseServer(shell: Shell, answers: readonly Answers[], placeHolder: string): Promise<ListedDatabase> {
  const servers = shell.inventory.databases.filter(isOnServer);
  const [listed] = await chooseDatabases(shell, answers.slice(0, 1), placeHolder, servers);
  if (listed !== undefined && isOnServer(listed)) return listed;
  const sentence = vscode.l10n.t('{0} is a database in a file.', nameText(listed?.database.alias ?? ''));
  throw new BackupError('usage.invalid', sentence, { hint: vscode.l10n.t('It needs neither a password nor a tool.') });
}

function isOnServer({ database }: ListedDatabase): boolean {
  return database.target.kind === 'server';
}

/**
 * The dumps that a command is about: the named files, else a pick among the dumps of a database.
 *
 * Errors: BackupError `dumps.missing` for a file that is not listed; `dumps.none`; the abort reason when a pick is closed.
 */
export async function chooseDumps(shell: Shell, answers: readonly Answers[], placeHolder: string): Promise<readonly DumpEntry[]> {
  const files = answers.flatMap(({ file }) => (file === undefined ? [] : [file]));
  if (files.length > 0) return files.map((file) => findDump(shell, file));
  const dumps = vscode.workspace.isTrusted ? (await chooseDatabase(shell, answers, placeHolder)).dumps : shell.inventory.dumps;
  const picked = await pickDump(dumps, { placeHolder, choosesFile: false });
  if (picked.kind === 'file') throw turnedAway();
  return [picked.entry];
}

/** The database that an answer names by alias, or by one of its dumps. */
function findDatabase({ inventory }: Shell, { alias, folder, file }: Answers): ListedDatabase | undefined {
  const isInFolder = (listed: ListedDatabase): boolean => folder === undefined || listed.folder === folder;
  if (alias !== undefined) return inventory.databases.find((listed) => listed.database.alias === alias && isInFolder(listed));
  if (file === undefined) return undefined;
  return inventory.databases.find((listed) => listed.dumps.some((entry) => entry.file === file));
}

function findDump({ inventory }: Shell, file: string): DumpEntry {
  const entry = inventory.dumps.find((dump) => dump.file === file);
  if (entry !== undefined) return entry;
  throw new BackupError('dumps.missing', vscode.l10n.t('{0} is no dump of this workspace.', nameText(file)), {
    hint: vscode.l10n.t('Refresh the view and choose again.'),
  });
}

async function pickDatabase(
  { inventory, icons }: Shell,
  placeHolder: string,
  databases: readonly ListedDatabase[],
): Promise<ListedDatabase> {
  const { folders } = inventory;
  const [only] = databases;
  if (only === undefined) throw noDatabase();
  if (databases.length === 1) return only;
  const items = databases.map((listed) => ({
    label: iconless(listed.database.alias),
    description: iconless(`${engineText(listed.database.engine)} · ${targetLabel(listed.database.target)}`),
    detail: folders.length > 1 ? iconless(folders.find(({ folder }) => folder === listed.folder)?.name ?? listed.folder) : '',
    iconPath: icons.of(listed.database.engine),
    listed,
  }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  if (picked === undefined) throw turnedAway();
  return picked.listed;
}

/** A picked dump: a listed one, or the wish to name any file. */
export type PickedDump = { readonly kind: 'dump'; readonly entry: DumpEntry } | { readonly kind: 'file' };

type DumpItem = vscode.QuickPickItem & { readonly choice?: PickedDump };

/**
 * Lets the user pick a dump under Today, Yesterday, This week and Older, with Verify and Reveal on each row.
 *
 * Errors: BackupError `dumps.none` when there is nothing to pick; the abort reason when the pick is closed.
 */
export async function pickDump(
  dumps: readonly DumpEntry[],
  { placeHolder, choosesFile }: { readonly placeHolder: string; readonly choosesFile: boolean },
): Promise<PickedDump> {
  const items = [...dumpItems(dumps), ...(choosesFile ? fileItems() : [])];
  if (items.length === 0) {
    throw new BackupError('dumps.none', vscode.l10n.t('There are no dumps yet.'), {
      hint: vscode.l10n.t('Back the database up first.'),
    });
  }
  const pick = vscode.window.createQuickPick<DumpItem>();
  pick.items = items;
  pick.placeholder = placeHolder;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  const buttons = pick.onDidTriggerItemButton(({ button, item }) => {
    if (item.choice?.kind !== 'dump') return;
    const command = button === verifyButton ? commandIds.verify : commandIds.reveal;
    void vscode.commands.executeCommand(command, { file: item.choice.entry.file });
  });
  try {
    return await new Promise<PickedDump>((resolve, reject) => {
      pick.onDidAccept(() => {
        const choice = pick.selectedItems[0]?.choice;
        if (choice !== undefined) resolve(choice);
      });
      pick.onDidHide(() => reject(turnedAway()));
      pick.show();
    });
  } finally {
    buttons.dispose();
    pick.dispose();
  }
}

const verifyButton: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('verified'), tooltip: vscode.l10n.t('Verify') };
const revealButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('folder-opened'),
  tooltip: vscode.l10n.t('Reveal'),
};

function dumpItems(dumps: readonly DumpEntry[]): DumpItem[] {
  const now = new Date();
  const groups = Map.groupBy(dumps, (entry) => ageGroup(entry.createdUtc, now));
  return [...groups].flatMap(([group, entries]): DumpItem[] => [
    { label: group, kind: vscode.QuickPickItemKind.Separator },
    ...entries.map((entry): DumpItem => dumpItem(entry, now)),
  ]);
}

function dumpItem(entry: DumpEntry, now: Date): DumpItem {
  return {
    label: dumpLabel(entry, now),
    description: iconless(dumpDescription(entry)),
    detail: iconless([dumpStateText(entry), entry.name, ...(entry.problem === undefined ? [] : [entry.problem])].join(' · ')),
    buttons: [verifyButton, revealButton],
    choice: { kind: 'dump', entry },
  };
}

function fileItems(): DumpItem[] {
  return [
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: vscode.l10n.t('Choose a file…'), alwaysShow: true, choice: { kind: 'file' } },
  ];
}

function unknownAlias(alias: string): BackupError {
  return new BackupError('usage.unknownAlias', vscode.l10n.t('No database of this workspace is called {0}.', nameText(alias)), {
    hint: vscode.l10n.t('Check dbbackup.databases in the settings.'),
  });
}
