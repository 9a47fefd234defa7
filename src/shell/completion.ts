import * as vscode from 'vscode';
import type { KnownAlias, Proposal } from './connectorKeys.ts';
import type { Settings } from './settings.ts';
import type { TextRange } from './settingsText.ts';

const settingsFiles: vscode.DocumentSelector = [
  { language: 'jsonc', pattern: '**/settings.json' },
  { language: 'jsonc', pattern: '**/*.code-workspace' },
];

const kinds: Readonly<Record<Proposal['kind'], vscode.CompletionItemKind>> = {
  alias: vscode.CompletionItemKind.Module,
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.Value,
};

/**
 * Completes and describes what the schema in package.json can't know: the inside of `dbbackup.connectors`.
 * The rules of every key, and their schemas, are loaded when settings are first edited.
 */
export function registerCompletion(settings: Settings): vscode.Disposable {
  const contextOf = (document: vscode.TextDocument): { prefix: readonly string[]; known: readonly KnownAlias[] } => ({
    prefix: document.uri.path.endsWith('.code-workspace') ? ['settings'] : [],
    known: knownAliases(settings),
  });
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(
      settingsFiles,
      {
        provideCompletionItems: async (document, position) => {
          const { proposalsAt } = await import('./connectorKeys.ts');
          const proposals = proposalsAt(document.getText(), document.offsetAt(position), contextOf(document));
          return proposals.map((proposal) => itemOf(proposal, document));
        },
      },
      '"',
    ),
    vscode.languages.registerHoverProvider(settingsFiles, {
      provideHover: async (document, position) => {
        const { descriptionAt } = await import('./connectorKeys.ts');
        const found = descriptionAt(document.getText(), document.offsetAt(position), contextOf(document));
        return found === undefined
          ? undefined
          : new vscode.Hover(new vscode.MarkdownString(found.markdown), rangeOf(document, found.range));
      },
    }),
  );
}

function knownAliases({ folders }: Settings): readonly KnownAlias[] {
  return folders.flatMap(({ databases, broken }) => [
    ...databases.map(({ alias, connector, keys }) => {
      const engine = keys['ENGINE'];
      return { alias, connector, engine: typeof engine === 'string' ? engine : undefined };
    }),
    ...broken.map(({ alias }) => ({ alias, engine: undefined, connector: undefined })),
  ]);
}

function itemOf(
  { kind, label, detail, markdown, insert, range }: Proposal,
  document: vscode.TextDocument,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem(label, kinds[kind]);
  item.detail = detail;
  item.documentation = new vscode.MarkdownString(markdown);
  item.insertText = new vscode.SnippetString(insert);
  item.filterText = kind === 'value' ? label : JSON.stringify(label);
  item.range = rangeOf(document, range);
  return item;
}

function rangeOf(document: vscode.TextDocument, { offset, length }: TextRange): vscode.Range {
  return new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
}
