import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { activateProduct, unregisteredCommands } from '../product.ts';

describe('activation', () => {
  it('happens in the extension host of the workspace', async () => {
    const extension = await activateProduct();
    assert.equal(extension.isActive, true);
    assert.equal(extension.extensionKind, vscode.ExtensionKind.Workspace);
  });

  it('registers every command that package.json declares', async () => {
    await activateProduct();
    assert.deepEqual(await unregisteredCommands(), []);
  });

  it('loads no database library', async function () {
    if (!existsSync('/proc/self/maps')) this.skip();
    await activateProduct();
    assert.doesNotMatch(readFileSync('/proc/self/maps', 'utf8'), /prebuilds|better.sqlite3/);
  });
});
