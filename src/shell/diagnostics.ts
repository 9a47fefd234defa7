import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import type { Fix, Problem } from '../core/settings/problem.ts';
import type { Settings } from './settings.ts';
import { isUserSettings, openDocument, rangeOf, settingsFilesOf } from './settingsFiles.ts';

/** A diagnostic with the fix that belongs to it. */
interface Shown {
  readonly diagnostic: vscode.Diagnostic;
  readonly fix: Fix | undefined;
}

const settingsFiles: vscode.DocumentSelector = [
  { language: 'jsonc', pattern: '**/settings.json' },
  { pattern: '**/*.code-workspace' },
];

/**
 * Underlines the mistakes of the settings where they stand: in settings.json of the folders, in the workspace file, and in user settings
 * while they are open. What the editor itself underlines, by the schema in package.json, is left to it.
 */
export class SettingsDiagnostics implements vscode.Disposable, vscode.CodeActionProvider {
  readonly #settings: Settings;
  readonly #collection = vscode.languages.createDiagnosticCollection('dbbackup');
  readonly #subscription: vscode.Disposable;
  #shown: ReadonlyMap<string, readonly Shown[]> = new Map();
  #round = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    const whenUserSettings = ({ uri }: vscode.TextDocument): void => {
      if (isUserSettings(uri)) void this.refresh();
    };
    this.#subscription = vscode.Disposable.from(
      settings.onDidChange(() => void this.refresh()),
      vscode.workspace.onDidOpenTextDocument(whenUserSettings),
      vscode.workspace.onDidCloseTextDocument(whenUserSettings),
      vscode.languages.registerCodeActionsProvider(settingsFiles, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
    );
  }

  /** Looks for every mistake anew. Of calls that overlap only the last one shows what it found. */
  async refresh(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    await this.#settings.ready;
    const shown = new Map<string, Shown[]>();
    for (const { folder, problems } of this.#settings.folders) {
      for (const problem of problems.filter(({ isInSchema }) => !isInSchema)) {
        const found = await locate(problem, folder);
        if (found === undefined) continue;
        const uri = found.uri.toString();
        shown.set(uri, [...(shown.get(uri) ?? []), { diagnostic: diagnosticOf(problem, found.range), fix: problem.fix }]);
      }
    }
    if (round !== this.#round) return;
    this.#shown = shown;
    this.#collection.clear();
    for (const [uri, list] of shown) {
      this.#collection.set(
        vscode.Uri.parse(uri),
        list.map(({ diagnostic }) => diagnostic),
      );
    }
  }

  provideCodeActions(
    document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const shown = this.#shown.get(document.uri.toString()) ?? [];
    const asked = shown.filter(({ diagnostic }) => diagnostics.some((other) => isSame(diagnostic, other)));
    const fixes = asked.flatMap(({ diagnostic, fix }) => (fix === undefined ? [] : [fixAction(document.uri, diagnostic, fix)]));
    return asked.length === 0 ? [] : [...fixes, openSettingsAction(asked.map(({ diagnostic }) => diagnostic))];
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#collection.dispose();
  }
}

async function locate(
  { scope, path, at }: Problem,
  folder: string,
): Promise<{ readonly uri: vscode.Uri; readonly range: vscode.Range } | undefined> {
  for (const { uri, prefix } of settingsFilesOf(scope, folder)) {
    const document = await openDocument(uri);
    const range = document === undefined ? undefined : rangeOf(document, [...prefix, ...path], at);
    if (range !== undefined) return { uri, range };
  }
  return undefined;
}

function diagnosticOf({ message, hint, severity, code }: Problem, range: vscode.Range): vscode.Diagnostic {
  const { Error: error, Warning: warning } = vscode.DiagnosticSeverity;
  const diagnostic = new vscode.Diagnostic(range, `${message} ${hint}`, severity === 'error' ? error : warning);
  diagnostic.code = code;
  diagnostic.source = 'Database Backup';
  return diagnostic;
}

function isSame(one: vscode.Diagnostic, other: vscode.Diagnostic): boolean {
  return one.code === other.code && one.message === other.message && one.range.isEqual(other.range);
}

function fixAction(uri: vscode.Uri, diagnostic: vscode.Diagnostic, fix: Fix): vscode.CodeAction {
  const action = new vscode.CodeAction(fix.title, vscode.CodeActionKind.QuickFix);
  action.diagnostics = [diagnostic];
  action.isPreferred = true;
  action.edit = new vscode.WorkspaceEdit();
  action.edit.replace(uri, diagnostic.range, JSON.stringify(fix.kind === 'replaceKey' ? fix.key : fix.value));
  return action;
}

function openSettingsAction(diagnostics: vscode.Diagnostic[]): vscode.CodeAction {
  const title = vscode.l10n.t('Open Settings');
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.diagnostics = diagnostics;
  action.command = { title, command: commandIds.openSettings };
  return action;
}
