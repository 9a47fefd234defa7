import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { contextKeys } from '../contributions.ts';
import type { Database } from '../core/database.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { toFailure } from '../core/errors.ts';
import type { DescribedDatabase, DumpSettings } from '../core/job.ts';
import type { Problem } from '../core/settings/problem.ts';
import type { ParsedSettings } from '../core/settings/settings.ts';
import type { AssignedDumps } from '../dumps/catalog.ts';
import type { Jobs } from './jobs.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';

/** A database with its dumps, newest first. `undo` is the safety dump that Undo Restore brings back. */
export interface ListedDatabase {
  readonly folder: string;
  readonly directory: string;
  readonly database: Database;
  readonly dumps: readonly DumpEntry[];
  readonly undo: DumpEntry | undefined;
  readonly description: DescribedDatabase | undefined;
}

/**
 * An alias or another setting that does not let work what it is about.
 *
 * Shape: `engine` is the family, where the settings tell; `path` leads to the key.
 */
export interface BrokenEntry {
  readonly folder: string;
  readonly label: string;
  readonly engine: string | undefined;
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint: string;
}

/**
 * What the view shows of one workspace folder.
 *
 * Shape: `recorded` holds dumps by the alias in their manifests, in Restricted Mode only, where no database is known;
 * `other` the dumps that belong to no database.
 */
export interface ListedFolder {
  readonly folder: string;
  readonly name: string;
  readonly settings: DumpSettings;
  /** Aliases in settings order: each one is among `databases` or `broken`. */
  readonly aliases: readonly string[];
  readonly databases: readonly ListedDatabase[];
  readonly broken: readonly BrokenEntry[];
  readonly recorded: ReadonlyMap<string, readonly DumpEntry[]>;
  readonly other: readonly DumpEntry[];
}

export interface InventoryOptions {
  readonly settings: Settings;
  readonly jobs: Jobs;
  readonly log: Log;
  readonly stateDirectory: string;
}

const debounceMs = 200;

/** The databases and dumps of the workspace. It follows settings and dump directories by itself. */
export class Inventory implements vscode.Disposable {
  readonly #options: InventoryOptions;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscription: vscode.Disposable;
  readonly onDidChange = this.#changed.event;
  #folders: readonly ListedFolder[] = [];
  #descriptions: readonly DescribedDatabase[] = [];
  #describing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #asked = 0;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#soon()),
      options.settings.onDidChange(() => {
        this.#soon();
        void this.describe();
      }),
    );
  }

  /** Begins to read settings and dump directories, without waiting. */
  start(): void {
    void this.refresh();
    void this.describe();
  }

  get folders(): readonly ListedFolder[] {
    return this.#folders;
  }

  get databases(): readonly ListedDatabase[] {
    return this.#folders.flatMap((folder) => folder.databases);
  }

  /** Every dump that is listed anywhere, once. */
  get dumps(): readonly DumpEntry[] {
    const all = this.#folders.flatMap(({ databases, recorded, other }) => [
      ...databases.flatMap(({ dumps }) => dumps),
      ...[...recorded.values()].flat(),
      ...other,
    ]);
    return [...new Map(all.map((entry) => [entry.file, entry])).values()];
  }

  /** Reads settings and dump directories anew. Calls made meanwhile share one further reading. */
  async refresh(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#asked += 1;
      return this.#reading;
    }
    this.#reading = this.#readUntilFresh();
    return this.#reading;
  }

  /** Asks a job what each connector would do, without connecting: tools, versions, problems. Not in Restricted Mode. */
  async describe(): Promise<void> {
    this.#describing.abort();
    this.#describing = new AbortController();
    const { signal } = this.#describing;
    await this.#options.settings.ready;
    const databases = this.#options.settings.folders.flatMap((folder) => folder.databases);
    if (!vscode.workspace.isTrusted || databases.length === 0) return;
    try {
      const request = { kind: 'describe', databases, stateDirectory: this.#options.stateDirectory } as const;
      const result = await this.#options.jobs.runQuietly<'describe'>(request, signal);
      this.#descriptions = result.databases;
    } catch (error) {
      if (signal.aborted) return;
      this.#options.log.write('warning', toFailure(error).sentence);
    }
    await this.refresh();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#describing.abort();
    this.#subscription.dispose();
    for (const watcher of this.#watchers.values()) watcher.dispose();
    this.#changed.dispose();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.refresh(), debounceMs);
  }

  async #readUntilFresh(): Promise<void> {
    try {
      let answered: number;
      do {
        answered = this.#asked;
        await this.#options.settings.ready;
        this.#folders = await Promise.all(this.#options.settings.folders.map((folder) => this.#list(folder)));
        this.#watch(this.#folders.map(({ settings }) => settings.directory));
        await vscode.commands.executeCommand('setContext', contextKeys.ready, true);
        await vscode.commands.executeCommand('setContext', contextKeys.hasDatabases, this.databases.length > 0);
      } while (answered !== this.#asked);
    } finally {
      // In one turn with the last look at what was asked: whoever asks later must not be told of this reading.
      this.#reading = undefined;
    }
    this.#changed.fire();
  }

  async #list(from: ParsedSettings): Promise<ListedFolder> {
    const { folder, aliases, databases, dumps: settings } = from;
    const { byAlias, other, broken } = await this.#dumpsOf(from);
    const recorded = vscode.workspace.isTrusted ? new Map<string, DumpEntry[]>() : Map.groupBy(other.filter(isRecorded), aliasOf);
    return {
      folder,
      name: nameOf(folder),
      settings,
      aliases,
      databases: databases.map((database) => this.#listed(database, byAlias.get(database.alias) ?? [], settings)),
      broken: [...brokenEntries(from), ...broken],
      recorded,
      other: other.filter((entry) => recorded.size === 0 || !isRecorded(entry)),
    };
  }

  /** An unreadable dump directory is a row with a problem: the databases can still be backed up elsewhere. */
  async #dumpsOf({
    folder,
    databases,
    dumps,
  }: ParsedSettings): Promise<AssignedDumps & { readonly broken: readonly BrokenEntry[] }> {
    try {
      const { assignDumps, listDumps } = await import('../dumps/catalog.ts');
      const entries = await listDumps({ ...dumps, stateDirectory: this.#options.stateDirectory });
      return { ...(await assignDumps(entries, databases, dumps)), broken: [] };
    } catch (error) {
      const { sentence: message, hint } = toFailure(error);
      const path = ['dbbackup.dumpDirectory'];
      return {
        byAlias: new Map(),
        other: [],
        broken: [{ folder, label: 'dumpDirectory', engine: undefined, path, message, hint }],
      };
    }
  }

  #listed(database: Database, dumps: readonly DumpEntry[], { directory, folder }: DumpSettings): ListedDatabase {
    return {
      folder,
      directory,
      database,
      dumps,
      undo: dumps.find((entry) => entry.kind === 'safety' && entry.state !== 'damaged'),
      description: this.#descriptions.find((described) => described.alias === database.alias && described.folder === folder),
    };
  }

  #watch(directories: readonly string[]): void {
    for (const [directory, watcher] of this.#watchers) {
      if (directories.includes(directory)) continue;
      watcher.dispose();
      this.#watchers.delete(directory);
    }
    for (const directory of directories) {
      if (!this.#watchers.has(directory)) this.#watchers.set(directory, this.#watcherOf(directory));
    }
  }

  /** Hidden files are dumps in the making. The directory's own coming and going is seen from its parent. */
  #watcherOf(directory: string): vscode.Disposable {
    const isListed = ({ fsPath }: vscode.Uri): boolean => !basename(fsPath).startsWith('.');
    const isDirectory = ({ fsPath }: vscode.Uri): boolean => fsPath === directory;
    return vscode.Disposable.from(this.#watcher(directory, isListed), this.#watcher(dirname(directory), isDirectory));
  }

  #watcher(directory: string, concerns: (uri: vscode.Uri) => boolean): vscode.Disposable {
    const pattern = new vscode.RelativePattern(vscode.Uri.file(directory), '*');
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const listen = (uri: vscode.Uri): void => {
      if (concerns(uri)) this.#soon();
    };
    return vscode.Disposable.from(watcher, watcher.onDidCreate(listen), watcher.onDidChange(listen), watcher.onDidDelete(listen));
  }
}

function nameOf(folder: string): string {
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.file(folder))?.name ?? basename(folder);
}

/** Databases that don't work, then simple settings that are wrong and stand at their defaults. */
function brokenEntries({ folder, broken, problems }: ParsedSettings): BrokenEntry[] {
  const settings = problems.filter(
    ({ severity, path: [setting] }) =>
      severity === 'error' && setting !== 'dbbackup.databases' && setting !== 'dbbackup.connectors',
  );
  const entryOf = (label: string, engine: string | undefined, { path, message, hint }: Problem): BrokenEntry => ({
    folder,
    label,
    engine,
    path,
    message,
    hint,
  });
  return [
    ...broken.map(({ alias, engine, problem }) => entryOf(alias, engine, problem)),
    ...settings.map((problem) => entryOf(String(problem.path[0]).replace('dbbackup.', ''), undefined, problem)),
  ];
}

function isRecorded(entry: DumpEntry): boolean {
  return entry.manifest !== undefined;
}

function aliasOf(entry: DumpEntry): string {
  return entry.manifest?.alias ?? '';
}
