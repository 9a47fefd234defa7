import * as vscode from 'vscode';
import { commandIds, rowKinds, type RowKind } from '../contributions.ts';
import { targetLabel } from '../core/database.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import { dumpDescription, dumpFacts, dumpLabel, dumpName, dumpStateText } from '../core/dumpWords.ts';
import type { DescribedDatabase } from '../core/job.ts';
import { engineText } from '../core/restoreWords.ts';
import { countText, localTimeText, nameText, sentenceText, timeText } from '../core/words.ts';
import type { EngineIcons } from './engineIcons.ts';
import type { BrokenEntry, ListedDatabase, ListedFolder } from './inventory.ts';

/**
 * A row of the view, with what its commands need to know: they read `alias`, `folder` and `file`, as from any caller's argument.
 *
 * Shape: `folder` is the absolute path of the workspace folder.
 */
export type Row =
  | { readonly kind: 'folder'; readonly folder: string; readonly listed: ListedFolder }
  | { readonly kind: 'database'; readonly folder: string; readonly alias: string; readonly listed: ListedDatabase }
  | { readonly kind: 'recorded'; readonly folder: string; readonly alias: string; readonly dumps: readonly DumpEntry[] }
  | { readonly kind: 'broken'; readonly folder: string; readonly path: BrokenEntry['path']; readonly entry: BrokenEntry }
  | {
      readonly kind: 'dump';
      readonly folder: string;
      readonly alias: string | undefined;
      readonly file: string;
      readonly entry: DumpEntry;
      /** The safety dump that Undo Restore would bring back. */
      readonly isUndo: boolean;
      readonly showsAlias: boolean;
    }
  | { readonly kind: 'otherDumps'; readonly folder: string; readonly dumps: readonly DumpEntry[] }
  | { readonly kind: 'showAll'; readonly folder: string; readonly alias: string; readonly count: number };

/** What tells a row from all others, and stays while its words change. */
export function rowId(row: Row): string {
  return [row.kind, row.folder, ...ownId(row)].join('\n');
}

function ownId(row: Row): readonly (string | number)[] {
  switch (row.kind) {
    case 'folder':
    case 'otherDumps':
      return [];
    case 'database':
      // A row that gets its first dump is a new row: VS Code leaves a known one collapsed.
      return [row.alias, row.listed.dumps.length === 0 ? 'empty' : 'filled'];
    case 'recorded':
    case 'showAll':
      return [row.alias];
    case 'broken':
      return [row.entry.label, ...row.path];
    case 'dump':
      return [row.alias ?? '', row.file];
  }
}

/** Draws rows: icon, label, description, tooltip, and the kind that menus go by. */
export class RowPainter {
  readonly #icons: EngineIcons;
  readonly #isBusy: (row: Row) => boolean;

  constructor(icons: EngineIcons, isBusy: (row: Row) => boolean) {
    this.#icons = icons;
    this.#isBusy = isBusy;
  }

  paint(row: Row): vscode.TreeItem {
    switch (row.kind) {
      case 'folder':
        return item(row.listed.name, rowKinds.folder, {
          id: rowId(row),
          collapsibleState: vscode.TreeItemCollapsibleState.Expanded,
          iconPath: new vscode.ThemeIcon('root-folder'),
          tooltip: row.folder,
          accessibilityInformation: { label: vscode.l10n.t('Folder {0}', row.listed.name) },
        });
      case 'database':
        return this.#database(row);
      case 'recorded':
        return this.#recorded(row);
      case 'broken':
        return broken(row);
      case 'dump':
        return this.#dump(row);
      case 'otherDumps':
        return item(vscode.l10n.t('Other Dumps'), rowKinds.otherDumps, {
          id: rowId(row),
          collapsibleState: vscode.TreeItemCollapsibleState.Collapsed,
          description: String(row.dumps.length),
          iconPath: new vscode.ThemeIcon('archive'),
          tooltip: vscode.l10n.t('Dumps in this folder that belong to none of the databases above'),
          accessibilityInformation: { label: vscode.l10n.t('Other Dumps, {0}', countText(row.dumps.length, 'dump')) },
        });
      case 'showAll':
        return item(vscode.l10n.t('Show All ({0})', row.count), rowKinds.showAll, {
          id: rowId(row),
          command: { command: commandIds.showAll, title: vscode.l10n.t('Show All'), arguments: [row] },
        });
    }
  }

  #database(row: Extract<Row, { kind: 'database' }>): vscode.TreeItem {
    const { database, dumps, description } = row.listed;
    const isBusy = this.#isBusy(row);
    const problem = description?.problems.find(({ severity }) => severity === 'error');
    const state = dumps.length === 0 ? [vscode.l10n.t('no dumps yet')] : [];
    const words = [
      engineText(database.engine),
      ...(problem === undefined ? [targetLabel(database.target), ...state] : [problem.message]),
    ];
    const kind = database.target.kind === 'server' ? rowKinds.serverDatabase : rowKinds.database;
    return item(row.alias, isBusy ? rowKinds.busyDatabase : kind, {
      id: rowId(row),
      collapsibleState: dumps.length === 0 ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded,
      description: nameText(words.join(' · ')),
      iconPath: isBusy ? spinning : problem === undefined ? this.#icons.of(database.engine) : warning,
      tooltip: tooltip(databaseFacts(row.listed)),
      ...(problem === undefined ? {} : { command: settingsCommand(row.folder, ['dbbackup.databases', row.alias, problem.key]) }),
      accessibilityInformation: {
        label: [row.alias, ...words, countText(dumps.length, 'dump'), ...(isBusy ? ['job running'] : [])].join(', '),
      },
    });
  }

  #recorded(row: Extract<Row, { kind: 'recorded' }>): vscode.TreeItem {
    const engine = row.dumps[0]?.manifest?.engine ?? '';
    return item(row.alias, rowKinds.recordedDatabase, {
      id: rowId(row),
      collapsibleState: vscode.TreeItemCollapsibleState.Expanded,
      description: engineText(engine),
      iconPath: this.#icons.of(engine),
      accessibilityInformation: { label: [row.alias, engineText(engine), countText(row.dumps.length, 'dump')].join(', ') },
      tooltip: vscode.l10n.t('Known from its dumps. The settings of the workspace are not read in Restricted Mode.'),
    });
  }

  #dump(row: Extract<Row, { kind: 'dump' }>): vscode.TreeItem {
    const { entry } = row;
    const isBusy = this.#isBusy(row);
    const now = new Date();
    // Among dumps of all sorts, one without a manifest is known by its file name.
    const isFile = row.showsAlias && entry.manifest === undefined;
    const alias = row.showsAlias && entry.alias !== undefined ? nameText(entry.alias) : '';
    const shown = [isFile ? timeText(entry.createdUtc, now) : alias, dumpDescription(entry)]
      .filter((part) => part !== '')
      .join(' · ');
    const kind = row.isUndo ? rowKinds.safetyDump : rowKinds.dump;
    const name = isFile ? nameText(entry.name) : dumpName(entry, now);
    return item(isFile ? entry.name : dumpLabel(entry, now), isBusy ? rowKinds.busyDump : kind, {
      id: rowId(row),
      description: shown,
      iconPath: isBusy ? spinning : dumpIcon(entry),
      tooltip: tooltip(dumpFacts(entry)),
      accessibilityInformation: { label: [name, shown.replace(' ✓', ''), dumpStateText(entry)].join(', ') },
    });
  }
}

const spinning = new vscode.ThemeIcon('loading~spin');
const warning = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));

/** The icon of a dump's state; words beside it say the same. */
export function dumpIcon(entry: DumpEntry): vscode.ThemeIcon {
  if (entry.state === 'damaged') return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  if (entry.kind === 'safety') return new vscode.ThemeIcon('shield');
  return entry.state === 'verified'
    ? new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'))
    : new vscode.ThemeIcon('circle-large-outline');
}

function broken(row: Extract<Row, { kind: 'broken' }>): vscode.TreeItem {
  const { label, engine, message, hint, path } = row.entry;
  const description = engine === undefined ? message : `${engineText(engine)} · ${message}`;
  return item(label, rowKinds.brokenDatabase, {
    id: rowId(row),
    description: sentenceText(description),
    iconPath: warning,
    tooltip: tooltip([
      [vscode.l10n.t('Problem'), message],
      [vscode.l10n.t('What to do'), hint],
    ]),
    command: {
      command: commandIds.openSettings,
      title: vscode.l10n.t('Open Settings'),
      arguments: [{ folder: row.folder, path }],
    },
    accessibilityInformation: { label: vscode.l10n.t('{0}, settings problem: {1}', label, message) },
  });
}

/** A click on a row with a problem opens settings.json at the key. */
function settingsCommand(folder: string, path: BrokenEntry['path']): vscode.Command {
  return { command: commandIds.openSettings, title: vscode.l10n.t('Open Settings'), arguments: [{ folder, path }] };
}

function databaseFacts({ database, dumps, description, directory }: ListedDatabase): (readonly [string, string])[] {
  const newest = dumps.find((dump) => dump.kind === 'manual');
  const target = database.target.kind === 'file' ? database.target.path : targetLabel(database.target);
  return [
    ['Database', `${engineText(database.engine)} ${target}`],
    ['Connector', database.connector],
    ...(description?.tools.map((tool) => [tool.name, toolText(tool)] as const) ?? []),
    ['Dumps', directory],
    ['Last dump', newest === undefined ? 'none' : `${localTimeText(newest.createdUtc)}, ${dumpStateText(newest)}`],
    ...(description?.problems.map((problem) => ['Problem', `${problem.message} ${problem.hint}`] as const) ?? []),
  ];
}

function toolText({ version, path, why = '', container }: DescribedDatabase['tools'][number]): string {
  if (container !== undefined) return why;
  const place = [version, path].filter((part) => part !== '').join(', ');
  return why === '' ? place : `${place} (${why})`;
}

/** Facts, one to a line. Only our own signs are markdown: what comes from files and servers is appended as text. */
function tooltip(facts: readonly (readonly [string, string])[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  facts.forEach(([name, value], index) => {
    if (index > 0) markdown.appendMarkdown('  \n');
    markdown.appendMarkdown('**').appendText(name).appendMarkdown('**:');
    // `appendText` makes every space one that no line breaks at.
    for (const word of sentenceText(value).split(/ +/)) markdown.appendMarkdown(' ').appendText(word);
  });
  return markdown;
}

type Properties = { -readonly [Key in keyof vscode.TreeItem]?: vscode.TreeItem[Key] };

function item(label: string, kind: RowKind, properties: Properties): vscode.TreeItem {
  return Object.assign(new vscode.TreeItem(nameText(label)), { contextValue: kind }, properties);
}
