import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';
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
});
