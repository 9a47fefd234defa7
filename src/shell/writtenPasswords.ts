import type * as vscode from 'vscode';
import type { Database } from '../core/database.ts';
import { openDocument, settingsFilesOf } from './settingsFiles.ts';
import { textAt } from './settingsText.ts';

/** A password that stands in a settings file for all to read. `path` leads to its key in the file. */
export interface WrittenPassword {
  readonly uri: vscode.Uri;
  readonly path: readonly string[];
  readonly password: string;
}

/**
 * The passwords that the settings files of a workspace hold for a database as plain text, the one that counts last.
 *
 * Shape: none for a password that comes from a variable, or from user settings, which no repository holds.
 */
export async function writtenPasswords({ alias, folder, keys, keyScopes }: Database): Promise<readonly WrittenPassword[]> {
  const scope = keyScopes?.['PASSWORD'];
  if (typeof keys['PASSWORD'] !== 'string' || (scope !== 'folder' && scope !== 'workspace')) return [];
  const found: WrittenPassword[] = [];
  for (const setting of ['dbbackup.databases', 'dbbackup.connectors']) {
    for (const { uri, prefix } of settingsFilesOf(scope, folder)) {
      const path = [...prefix, setting, alias, 'PASSWORD'];
      const password = textAt((await openDocument(uri))?.getText() ?? '', path);
      if (password !== undefined && password !== '' && !password.includes('${')) found.push({ uri, path, password });
    }
  }
  return found;
}
