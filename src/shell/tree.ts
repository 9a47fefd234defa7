import * as vscode from 'vscode';
import { viewId } from '../contributions.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { dumpLabel } from '../core/dumpWords.ts';
import type { BrokenEntry, Inventory, ListedDatabase, ListedFolder } from './inventory.ts';
import type { Jobs, Subject } from './jobs.ts';
import { parseAnswers, type Answers } from './answers.ts';
import { changedRows, KnownRows, type Drawn } from './drawnRows.ts';
import type { EngineIcons } from './engineIcons.ts';
import { RowPainter, type Row } from './rows.ts';

const dumpsShown = 10;
const togetherMs = 80;

/** The view *Databases*: workspace folders when there are several, their databases, and the dumps of each, newest first. */
export class DatabaseTree implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly #inventory: Inventory;
  readonly #jobs: Jobs;
  readonly #painter: RowPainter;
  readonly #known = new KnownRows();
  #drawn: Drawn = { row: undefined, looks: '', children: [] };
  #timer: NodeJS.Timeout | undefined;
  readonly #shownInFull = new Set<string>();
  readonly #changed = new vscode.EventEmitter<Row[] | undefined>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChangeTreeData = this.#changed.event;
  readonly view: vscode.TreeView<Row>;

  constructor({ inventory, jobs, icons }: { inventory: Inventory; jobs: Jobs; icons: EngineIcons }) {
    this.#inventory = inventory;
    this.#jobs = jobs;
    this.#painter = new RowPainter(icons, (row) => this.#isBusy(row));
    this.view = vscode.window.createTreeView(viewId, { treeDataProvider: this, canSelectMany: true, showCollapseAll: true });
    this.#subscriptions = vscode.Disposable.from(
      this.view,
      inventory.onDidChange(() => this.#redrawSoon()),
      jobs.onDidChange(() => this.#redrawSoon()),
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible) void inventory.refresh();
      }),
    );
  }

  /** The selected rows, which are answers to commands. A view that nobody sees selects nothing. */
  get selection(): readonly Answers[] {
    return this.view.visible ? this.view.selection.flatMap((row) => parseAnswers([row])) : [];
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return this.#painter.paint(row);
  }

  getChildren(parent?: Row): Row[] {
    return this.#childrenOf(parent).map((row) => this.#known.keep(row));
  }

  /** Shows every dump of a database instead of the ten newest. */
  showAll({ folder, alias }: { readonly folder: string; readonly alias: string }): void {
    this.#shownInFull.add(`${folder}\n${alias}`);
    this.#redraw();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  /** The end of a job and what it changed are drawn at once. */
  #redrawSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#redraw(), togetherMs);
  }

  #redraw(): void {
    const drawn: Drawn = { row: undefined, looks: '', children: this.#draw(undefined, new Date()) };
    const changed = changedRows(this.#drawn, drawn);
    this.#known.become(drawn);
    this.#drawn = drawn;
    if (changed.length === 0) return;
    this.view.message = vscode.workspace.isTrusted || drawn.children.length === 0 ? '' : restrictedMessage();
    const rows = changed.filter((row) => row !== undefined);
    this.#changed.fire(rows.length < changed.length ? undefined : rows);
  }

  #draw(parent: Row | undefined, now: Date): Drawn[] {
    return this.getChildren(parent).map((row) => ({ row, looks: this.#looks(row, now), children: this.#draw(row, now) }));
  }

  /** What can be seen. While VS Code fetches a row anew, its tooltip vanishes and menus lose it: so only when something has changed. */
  #looks(row: Row, now: Date): string {
    if (row.kind === 'dump') return JSON.stringify([dumpLabel(row.entry, now), row.entry.state, row.isUndo, this.#isBusy(row)]);
    const item = this.#painter.paint(row);
    // JSON has nothing of a MarkdownString: its text is behind a getter.
    const { tooltip } = item;
    return JSON.stringify([item, typeof tooltip === 'object' ? tooltip.value : tooltip]);
  }

  #childrenOf(parent: Row | undefined): Row[] {
    if (parent === undefined) {
      const folders = this.#inventory.folders.filter((folder) => rowsOf(folder).length > 0);
      const [only] = folders;
      if (only !== undefined && (vscode.workspace.workspaceFolders ?? []).length === 1) return rowsOf(only);
      return folders.map((listed) => ({ kind: 'folder', folder: listed.folder, listed }));
    }
    switch (parent.kind) {
      case 'folder':
        return rowsOf(parent.listed);
      case 'database':
        return this.#dumpsOf(parent.listed);
      case 'recorded':
        return parent.dumps.map((entry) => dumpRow(parent.folder, entry, { alias: parent.alias }));
      case 'otherDumps':
        return parent.dumps.map((entry) => dumpRow(parent.folder, entry, { showsAlias: true }));
      case 'broken':
      case 'dump':
      case 'showAll':
        return [];
    }
  }

  #dumpsOf({ folder, database, dumps, undo }: ListedDatabase): Row[] {
    const { alias } = database;
    const isFull = this.#shownInFull.has(`${folder}\n${alias}`) || dumps.length <= dumpsShown;
    const shown = isFull ? dumps : dumps.slice(0, dumpsShown);
    const rows = shown.map((entry) => dumpRow(folder, entry, { alias, isUndo: entry === undo }));
    return isFull ? rows : [...rows, { kind: 'showAll', folder, alias, count: dumps.length }];
  }

  #isBusy(row: Row): boolean {
    const subject = subjectOf(row);
    return subject !== undefined && this.#jobs.find(subject) !== undefined;
  }
}

function rowsOf(listed: ListedFolder): Row[] {
  const { folder } = listed;
  const known = listed.aliases.flatMap((alias) => knownRow(listed, alias) ?? []);
  const settings = listed.broken.filter(({ label }) => !listed.aliases.includes(label));
  return [
    ...settings.map((entry) => brokenRow(folder, entry)),
    ...known,
    ...[...listed.recorded].map(([alias, dumps]): Row => ({ kind: 'recorded', folder, alias, dumps })),
    ...(listed.other.length === 0 ? [] : [{ kind: 'otherDumps', folder, dumps: listed.other } as const]),
  ];
}

function knownRow(listed: ListedFolder, alias: string): Row | undefined {
  const { folder } = listed;
  const database = listed.databases.find((each) => each.database.alias === alias);
  if (database !== undefined) return { kind: 'database', folder, alias, listed: database };
  const entry = listed.broken.find(({ label }) => label === alias);
  return entry === undefined ? undefined : brokenRow(folder, entry);
}

function brokenRow(folder: string, entry: BrokenEntry): Row {
  return { kind: 'broken', folder, path: entry.path, entry };
}

function dumpRow(
  folder: string,
  entry: DumpEntry,
  { alias, isUndo = false, showsAlias = false }: { alias?: string; isUndo?: boolean; showsAlias?: boolean },
): Row {
  return { kind: 'dump', folder, alias, file: entry.file, entry, isUndo, showsAlias };
}

function subjectOf(row: Row): Subject | undefined {
  if (row.kind === 'database') return { kind: 'database', folder: row.folder, alias: row.alias };
  return row.kind === 'dump' ? { kind: 'dump', file: row.file } : undefined;
}

function restrictedMessage(): string {
  return vscode.l10n.t('Restricted Mode: dumps can be looked at and verified.');
}
