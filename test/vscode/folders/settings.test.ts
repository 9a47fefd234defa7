import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Settings } from '../../../src/shell/settings.ts';
import { until } from '../../helpers/processes.ts';
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
          return vscode.languages.getDiagnostics(uri).map(({ range }) => shown.getText(range));
        }),
      );
    await until(async () => (await texts()).flat().length >= 4, 'the mistakes', 20_000);
    assert.deepEqual(
      (await texts()).map((each) => each.toSorted()),
      [['"EXTENSON"', '3'], ['"NAMES"'], ['"NAMES"']],
    );
  });
});
