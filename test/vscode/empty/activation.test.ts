import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { commandIds } from '../../../src/contributions.ts';
import { activateProduct, unregisteredCommands } from '../product.ts';

describe('a folder without databases', () => {
  before(activateProduct);

  it('has every command', async () => {
    assert.deepEqual(await unregisteredCommands(), []);
  });

  it('gets no dump directory until something is backed up', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    await vscode.commands.executeCommand(commandIds.refresh);
    assert.equal(existsSync(join(folder, 'backups')), false);
  });
});
