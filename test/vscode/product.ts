import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import * as z from 'zod';
import type { DatabaseBackupApi } from '../../src/shell/api.ts';

const manifestShape = z.object({
  publisher: z.string(),
  name: z.string(),
  contributes: z.object({ commands: z.array(z.object({ command: z.string() })) }),
});

/** The parts of package.json that tests compare with. */
export const manifest = manifestShape.parse(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')));

/** The extension under test, activated: a suite may start before VS Code has come to `onStartupFinished`. */
export async function activateProduct(): Promise<vscode.Extension<DatabaseBackupApi>> {
  const extension = vscode.extensions.getExtension<DatabaseBackupApi>(`${manifest.publisher}.${manifest.name}`);
  if (extension === undefined) throw new Error('The extension under test is not there.');
  await extension.activate();
  return extension;
}

/** Commands that package.json declares and nobody has registered. */
export async function unregisteredCommands(): Promise<string[]> {
  const registered = new Set(await vscode.commands.getCommands(true));
  return manifest.contributes.commands.map(({ command }) => command).filter((command) => !registered.has(command));
}
