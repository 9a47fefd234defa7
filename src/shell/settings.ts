import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Database, Scope } from '../core/database.ts';
import type { ParsedSettings, ScopedValue, SettingsInput } from '../core/settings/settings.ts';
import { valueNames } from '../core/settings/settings.ts';
import { addDatabaseTo, removeSetting, revealSetting, type NewDatabase, type SettingPlace } from './settingsFiles.ts';
import { writtenPasswords, type WrittenPassword } from './writtenPasswords.ts';

const section = 'dbbackup';

/** The settings of the workspace's folders: the only door through which they are read or written. */
export class Settings implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChange = this.#changed.event;
  #parse: ((inputs: readonly SettingsInput[]) => readonly ParsedSettings[]) | undefined;
  #folders: readonly ParsedSettings[] | undefined;

  /** Settled once settings can be read: what parses them is loaded beside the activation, not in it. */
  readonly ready: Promise<void>;

  constructor() {
    this.ready = import('../core/settings/parse.ts').then(({ parseFolders }) => {
      this.#parse = parseFolders;
    });
    const forget = (): void => {
      this.#folders = undefined;
      this.#changed.fire();
    };
    // The values of a workspace that has just been trusted come with a change of the configuration.
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(section)) forget();
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(forget),
    );
  }

  /** One entry per workspace folder, in their order; none before `ready`. Read when first asked for after a change. */
  get folders(): readonly ParsedSettings[] {
    this.#folders ??= this.#parse?.((vscode.workspace.workspaceFolders ?? []).map(readFolder));
    return this.#folders ?? [];
  }

  /** Reads anew what no event tells of: environment, `manage.py`. */
  refresh(): void {
    this.#folders = undefined;
  }

  /**
   * Writes a database into the folder's settings.json and opens it at the new lines. A file that had unsaved changes is not saved.
   *
   * Errors: BackupError 'settings.unreadable' for a file with a syntax error.
   */
  addDatabase(database: NewDatabase): Promise<void> {
    return addDatabaseTo(database);
  }

  /** The passwords that the settings of the workspace hold for a database as plain text, those that count first last. */
  passwordsOf(database: Database): Promise<readonly WrittenPassword[]> {
    return writtenPasswords(database);
  }

  /** Takes a password out of its settings file. A file that had unsaved changes is not saved. */
  remove(written: WrittenPassword): Promise<void> {
    return removeSetting(written);
  }

  /** Writes where a tool is into user settings. */
  async setTool(name: string, path: string): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(section);
    const tools = { ...configuration.get<Readonly<Record<string, string>>>('tools'), [name]: path };
    await configuration.update('tools', tools, vscode.ConfigurationTarget.Global);
  }

  /** A database as it would be resolved if it stood in the settings of a folder; undefined when it has a mistake. */
  resolve({ folder, alias, keys }: NewDatabase): Database | undefined {
    const workspaceFolder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(folder));
    if (workspaceFolder === undefined) return undefined;
    const layers = [{ scope: 'folder', databases: { [alias]: keys }, connectors: undefined }] as const;
    return this.#parse?.([{ ...readFolder(workspaceFolder), layers }])[0]?.databases[0];
  }

  /** Opens the settings file that holds a key, at the key. False when none does. */
  reveal(place: SettingPlace): Promise<boolean> {
    return revealSetting(place);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

function readFolder(folder: vscode.WorkspaceFolder): SettingsInput {
  const configuration = vscode.workspace.getConfiguration(section, folder.uri);
  const layersOf = (name: string): readonly ScopedValue[] => layers(configuration.inspect<unknown>(name));
  const valueIn = (name: string, scope: Scope): unknown => layersOf(name).find((layer) => layer.scope === scope)?.value;
  const { fsPath } = folder.uri;
  return {
    layers: (['folder', 'workspace', 'user'] as const).map((scope) => ({
      scope,
      databases: valueIn('databases', scope),
      connectors: valueIn('connectors', scope),
    })),
    values: Object.fromEntries(
      valueNames.flatMap((name) =>
        layersOf(name)
          .slice(0, 1)
          .map((layer) => [name, layer]),
      ),
    ),
    folder: fsPath,
    folders: (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({ name, path: uri.fsPath })),
    userHome: homedir(),
    env: process.env,
    machineName: hostname(),
    hasManagePy: existsSync(join(fsPath, 'manage.py')),
    hasZstd: process.versions['zstd'] !== undefined,
  };
}

type Inspected = ReturnType<vscode.WorkspaceConfiguration['inspect']>;

/** What each place says, narrowest first. A window on one folder has no workspace file: its workspace values are the folder's. */
function layers(inspected: Inspected): readonly ScopedValue[] {
  const { workspaceFolderValue, workspaceValue, globalValue } = inspected ?? {};
  const isSingleFolder = vscode.workspace.workspaceFile === undefined;
  const all: readonly ScopedValue[] = [
    { scope: 'folder', value: plain(workspaceFolderValue ?? (isSingleFolder ? workspaceValue : undefined)) },
    { scope: 'workspace', value: isSingleFolder ? undefined : plain(workspaceValue) },
    { scope: 'user', value: plain(globalValue) },
  ];
  return all.filter(({ value }) => value !== undefined);
}

/** What VS Code hands out may be a Proxy, which no process border takes. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
