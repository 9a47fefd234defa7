import * as vscode from 'vscode';

const drawn: readonly string[] = ['sqlite', 'mysql', 'postgresql', 'mongodb'];

/** Icons of the engine families, drawn in one colour for light and for dark themes. High contrast takes the one that fits. */
export class EngineIcons {
  readonly #media: vscode.Uri;

  /** `extension` is the folder of the installed extension. */
  constructor(extension: vscode.Uri) {
    this.#media = vscode.Uri.joinPath(extension, 'media', 'engines');
  }

  of(engine: string): { readonly light: vscode.Uri; readonly dark: vscode.Uri } {
    const name = drawn.includes(engine) ? engine : 'other';
    return {
      light: vscode.Uri.joinPath(this.#media, `${name}-light.svg`),
      dark: vscode.Uri.joinPath(this.#media, `${name}-dark.svg`),
    };
  }
}
