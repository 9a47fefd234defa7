import * as vscode from 'vscode';
import { toolNames } from '../../core/engines.ts';
import { nameText } from '../../core/words.ts';
import type { Answers } from '../answers.ts';
import type { ListedDatabase } from '../inventory.ts';
import { chooseServer } from '../picks.ts';
import { reportDone } from '../report.ts';
import { turnedAway, type Shell } from '../shell.ts';
import { requireTrust } from '../trust.ts';

/** Lets the user say which program is to be run, and writes its path into user settings: `dbbackup.tools` holds for this machine only. */
export async function chooseTool(shell: Shell, answers: readonly Answers[]): Promise<void> {
  requireTrust();
  const listed = await chooseServer(shell, answers, vscode.l10n.t('Choose a tool of which database?'));
  const tool = await pickTool(listed);
  const known = listed.description?.tools.find(({ name }) => name === tool)?.path;
  const title = vscode.l10n.t('Where is {0}?', tool);
  const start = known === undefined ? {} : { defaultUri: vscode.Uri.file(known) };
  const uris = await vscode.window.showOpenDialog({ title, openLabel: vscode.l10n.t('Use'), ...start });
  const path = uris?.[0]?.fsPath;
  if (path === undefined) throw turnedAway();
  await shell.settings.setTool(tool, path);
  reportDone(vscode.l10n.t('{0} is {1} from now on.', tool, nameText(path)), []);
}

async function pickTool({ database, description }: ListedDatabase): Promise<string> {
  const items = toolNames(database.engine).map((label) => {
    const found = description?.tools.find(({ name }) => name === label);
    return found === undefined
      ? { label }
      : {
          label,
          description: nameText(found.version),
          detail: [found.path, ...(found.why === undefined ? [] : [found.why])].map(nameText).join(' · '),
        };
  });
  const picked = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t('Which tool?') });
  if (picked === undefined) throw turnedAway();
  return picked.label;
}
