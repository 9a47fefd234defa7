import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { commandIds } from '../../../src/contributions.ts';
import { activateProduct, unregisteredCommands } from '../product.ts';

describe('Restricted Mode', () => {
  before(activateProduct);

  it('is on: the workspace is not trusted', () => {
    assert.equal(vscode.workspace.isTrusted, false);
  });

  it('hides the databases of the workspace from the settings', () => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    const databases = vscode.workspace.getConfiguration('dbbackup', folder).inspect('databases');
    assert.equal(databases?.workspaceFolderValue, undefined);
    assert.equal(databases?.workspaceValue, undefined);
  });

  it('keeps every command in the palette', async () => {
    assert.deepEqual(await unregisteredCommands(), []);
  });

  it('refuses every command that reads or changes a database, whatever its arguments', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const answers = { alias: 'default', folder, file: join(folder, 'shop.sqlite3') };
    const { backup, backupAll, restore, restoreLatest, undoRestore, clean, addDatabase, delete: deleteDump } = commandIds;
    for (const command of [backup, backupAll, restore, restoreLatest, undoRestore, clean, addDatabase, deleteDump]) {
      assert.equal(await vscode.commands.executeCommand(command, answers), undefined, command);
    }
    assert.ok(existsSync(join(folder, 'shop.sqlite3')));
    assert.equal(existsSync(join(folder, 'backups')), false);
  });

  it('gives other extensions no database', async () => {
    const { exports: api } = await activateProduct();
    assert.deepEqual(await api.databases(), []);
    assert.equal(await api.backUp('default'), undefined);
  });
});
