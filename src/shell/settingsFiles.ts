import type { Edit } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { Scope } from '../core/database.ts';
import { BackupError } from '../core/errors.ts';
import { editDatabase, findPlace, hasSyntaxError, removeKey } from './settingsText.ts';

/** A database to write into the settings of a folder: `keys` as they will stand in the file. */
export interface NewDatabase {
  readonly folder: string;
  readonly alias: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

/** A key of a setting, from the setting's name on. Without a folder every folder is looked through. */
export interface SettingPlace {
  readonly folder: string | undefined;
  readonly path: readonly (string | number)[];
}

/** A file that holds settings of a scope, and the path in it under which they stand. */
export interface SettingsFile {
  readonly uri: vscode.Uri;
  readonly prefix: readonly string[];
}

/** The file of a folder's own settings. */
export function folderSettingsUri(folder: string): vscode.Uri {
  return vscode.Uri.joinPath(vscode.Uri.file(folder), '.vscode', 'settings.json');
}

/**
 * The files that a scope's settings may stand in.
 *
 * Shape: none for a workspace file that is not saved yet; of user settings only those that are open, because where they lie VS Code tells
 * nobody.
 */
export function settingsFilesOf(scope: Scope, folder: string): readonly SettingsFile[] {
  if (scope === 'folder') return [{ uri: folderSettingsUri(folder), prefix: [] }];
  if (scope === 'workspace') {
    const uri = vscode.workspace.workspaceFile;
    return uri === undefined || uri.scheme === 'untitled' ? [] : [{ uri, prefix: ['settings'] }];
  }
  return vscode.workspace.textDocuments.filter(({ uri }) => isUserSettings(uri)).map(({ uri }) => ({ uri, prefix: [] }));
}

/**
 * True for a settings.json of the user: of a profile, or of the machine at the other end of a remote window.
 *
 * Source: seen in VS Code 1.139, where such a document is `vscode-userdata:` on a desktop and `file:` in a remote extension host.
 */
export function isUserSettings(uri: vscode.Uri): boolean {
  const isNamedSo = /\/(User|User\/profiles\/[^/]+|Machine)\/settings\.json$/.test(uri.path);
  return isNamedSo && vscode.workspace.getWorkspaceFolder(uri) === undefined;
}

/** Opens the settings file that holds a key, at the key. False when none does. */
export async function revealSetting({ folder, path }: SettingPlace): Promise<boolean> {
  const folders = folder === undefined ? (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri.fsPath) : [folder];
  const files = [
    ...folders.flatMap((each) => settingsFilesOf('folder', each)),
    ...settingsFilesOf('workspace', ''),
    ...settingsFilesOf('user', ''),
  ];
  for (const file of files) {
    if (await revealIn(file, path)) return true;
  }
  const [setting = ''] = path;
  if (vscode.workspace.getConfiguration().inspect(String(setting))?.globalValue === undefined) return false;
  await vscode.commands.executeCommand('workbench.action.openSettingsJson', { revealSetting: { key: setting } });
  return true;
}

async function revealIn({ uri, prefix }: SettingsFile, path: readonly (string | number)[]): Promise<boolean> {
  const document = await openDocument(uri);
  const range = document === undefined ? undefined : rangeOf(document, [...prefix, ...path], 'key');
  if (document === undefined || range === undefined) return false;
  await vscode.window.showTextDocument(document, { selection: range });
  return true;
}

/** The range of a key, or of its value, in a settings file; undefined when the file has no such key. */
export function rangeOf(
  document: vscode.TextDocument,
  path: readonly (string | number)[],
  at: 'key' | 'value',
): vscode.Range | undefined {
  const place = findPlace(document.getText(), path, at);
  return place === undefined
    ? undefined
    : new vscode.Range(document.positionAt(place.offset), document.positionAt(place.offset + place.length));
}

/** The document of a file, opened out of sight; undefined when there is no such file. */
export async function openDocument(uri: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  try {
    return await vscode.workspace.openTextDocument(uri);
  } catch {
    return undefined;
  }
}

/**
 * Writes a database into the folder's settings.json and opens it at the new lines. A file that had unsaved changes is not saved.
 *
 * Errors: BackupError 'settings.unreadable' for a file with a syntax error.
 */
export async function addDatabaseTo({ folder, alias, keys }: NewDatabase): Promise<void> {
  const uri = folderSettingsUri(folder);
  if ((await openDocument(uri)) === undefined) await vscode.workspace.fs.writeFile(uri, new Uint8Array());
  const document = await vscode.workspace.openTextDocument(uri);
  const text = document.getText();
  if (hasSyntaxError(text)) {
    await vscode.window.showTextDocument(document);
    throw new BackupError('settings.unreadable', 'The settings of the folder have a syntax error.', {
      hint: 'Correct settings.json, then add the database again.',
    });
  }
  await edit(document, editDatabase(text, alias, keys));
  const selection = rangeOf(document, ['dbbackup.databases', alias], 'key');
  await vscode.window.showTextDocument(document, selection === undefined ? {} : { selection });
}

/** Takes a key out of a settings file. A file that had unsaved changes is not saved. */
export async function removeSetting({
  uri,
  path,
}: {
  readonly uri: vscode.Uri;
  readonly path: readonly string[];
}): Promise<void> {
  const document = await openDocument(uri);
  if (document !== undefined) await edit(document, removeKey(document.getText(), path));
}

async function edit(document: vscode.TextDocument, edits: readonly Edit[]): Promise<void> {
  const wasDirty = document.isDirty;
  const change = new vscode.WorkspaceEdit();
  for (const { offset, length, content } of edits) {
    const range = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
    change.replace(document.uri, range, content);
  }
  await vscode.workspace.applyEdit(change);
  if (!wasDirty) await document.save();
}
