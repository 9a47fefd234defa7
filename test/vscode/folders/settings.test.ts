import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Settings } from '../../../src/shell/settings.ts';
import { settles } from '../../helpers/settles.ts';
import { activateProduct } from '../product.ts';

describe('a workspace of several folders', () => {
  it('has each folder’s own databases, and those of the workspace file once', async () => {
    const settings = new Settings();
    await settings.ready;
    assert.deepEqual(
      settings.folders.map(({ aliases }) => aliases),
      [
        ['default', 'broken', 'shared', 'wrong'],
        ['default', 'broken'],
      ],
    );
    const paths = settings.folders.map(({ folder, databases }) => {
      const target = databases.find(({ alias }) => alias === 'default')?.target;
      return target?.kind === 'file' ? target.path.replace(folder, '') : undefined;
    });
    assert.deepEqual(paths, ['/db.sqlite3', '/db.sqlite3']);
    settings.dispose();
  });

  it('underlines each mistake in the file where it stands', async () => {
    await activateProduct();
    const workspaceFile = vscode.workspace.workspaceFile;
    assert.ok(workspaceFile);
    const document = await vscode.workspace.openTextDocument(workspaceFile);
    await vscode.window.showTextDocument(document);
    const folders = vscode.workspace.workspaceFolders ?? [];
    const files = [workspaceFile, ...folders.map(({ uri }) => vscode.Uri.joinPath(uri, '.vscode', 'settings.json'))];
    const texts = async (): Promise<readonly string[][]> =>
      Promise.all(
        files.map(async (uri) => {
          const shown = await vscode.workspace.openTextDocument(uri);
          return vscode.languages
            .getDiagnostics(uri)
            .map(({ range }) => shown.getText(range))
            .toSorted();
        }),
      );
    // VS Code adds its own findings when it has loaded the schemas, and says meanwhile in the first character that it has not.
    await settles(texts, [['"EXTENSON"', '3'], ['"NAMES"'], ['"NAMES"']]);
  });
});
