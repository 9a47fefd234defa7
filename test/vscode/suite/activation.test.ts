import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import * as z from 'zod';

const manifest = z
  .object({
    publisher: z.string(),
    name: z.string(),
    contributes: z.object({ commands: z.array(z.object({ command: z.string() })) }),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')));

describe('activation', () => {
  const extension = vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`);

  before(async () => {
    await extension?.activate();
  });

  it('happens by itself, in a workspace extension host', () => {
    assert.equal(extension?.isActive, true);
    assert.equal(extension.extensionKind, vscode.ExtensionKind.Workspace);
  });

  it('registers every command that package.json declares', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
    assert.deepEqual(missing, []);
  });

  it('loads no database library', function () {
    if (!existsSync('/proc/self/maps')) this.skip();
    assert.doesNotMatch(readFileSync('/proc/self/maps', 'utf8'), /prebuilds|better.sqlite3/);
  });
});
