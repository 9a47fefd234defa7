import * as vscode from 'vscode';

const scheme = 'dbbackup-preview';

/** Texts that are shown in an editor but belong to no file. */
export class ReadOnlyDocuments implements vscode.Disposable, vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  #opened = 0;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? '';
  }

  /** Opens a text in an editor. `close` takes the editor and the text away again. */
  async open(title: string, text: string): Promise<{ close(): Promise<void> }> {
    this.#opened += 1;
    const uri = vscode.Uri.from({ scheme, path: `/${this.#opened}/${title}` });
    this.#texts.set(uri.toString(), text);
    await vscode.window.showTextDocument(uri, { preview: true });
    return {
      close: async () => {
        this.#texts.delete(uri.toString());
        await vscode.window.tabGroups.close(tabsOf(uri));
      },
    };
  }

  dispose(): void {
    this.#registration.dispose();
  }
}

function tabsOf(uri: vscode.Uri): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputText && tab.input.uri.toString() === uri.toString());
}
