import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';
import { rowKinds } from '../../../src/contributions.ts';
import type { DumpEntry } from '../../../src/core/dumpEntry.ts';
import { changedRows, KnownRows, type Drawn } from '../../../src/shell/drawnRows.ts';
import { EngineIcons } from '../../../src/shell/engineIcons.ts';
import type { ListedDatabase } from '../../../src/shell/inventory.ts';
import { RowPainter, type Row } from '../../../src/shell/rows.ts';
import { activateProduct } from '../product.ts';

const hostile = '[click](command:workbench.action.quit) <b>$(error)</b> **bold**';

const entry: DumpEntry = {
  file: '/ws/backups/default.sqlite3',
  name: 'default.sqlite3',
  alias: 'default',
  manifest: undefined,
  sizeBytes: 1_200_000,
  createdUtc: new Date().toISOString(),
  sequence: 1,
  kind: 'manual',
  state: 'verified',
  origin: 'here',
  problem: undefined,
};

const listed: ListedDatabase = {
  folder: '/ws',
  directory: '/ws/backups',
  database: {
    alias: 'default',
    engine: 'sqlite',
    connector: 'SqliteBackupConnector',
    keys: {},
    folder: '/ws',
    scope: 'folder',
    target: { kind: 'file', engine: 'sqlite', path: '/ws/db.sqlite3' },
    tools: {},
  },
  dumps: [entry],
  undo: undefined,
  description: undefined,
};

const databaseRow: Row = { kind: 'database', folder: '/ws', alias: 'default', listed };
const dumpRow: Extract<Row, { kind: 'dump' }> = {
  kind: 'dump',
  folder: '/ws',
  alias: 'default',
  file: entry.file,
  entry,
  isUndo: false,
  showsAlias: false,
};

describe('rows of the view', () => {
  it('draw each engine with icons that are in the package', async () => {
    const { extensionUri } = await activateProduct();
    const icons = new EngineIcons(extensionUri);
    for (const engine of ['sqlite', 'mysql', 'postgresql', 'mongodb', 'other', '../../etc']) {
      const { light, dark } = icons.of(engine);
      for (const { fsPath } of [light, dark]) assert.ok(existsSync(fsPath), fsPath);
    }
  });

  it('say engine, target and what is missing beside the alias', async () => {
    const item = (await painter()).paint({ ...databaseRow, listed: { ...listed, dumps: [] } });
    assert.equal(item.label, 'default');
    assert.equal(item.description, 'SQLite · db.sqlite3 · no dumps yet');
    assert.equal(item.collapsibleState, vscode.TreeItemCollapsibleState.None);
  });

  it('say a problem in words and open the settings at a click', async () => {
    const problem = { key: 'DUMP_CMD', severity: 'error', code: 'x', message: 'tool not found', hint: 'Install it.' } as const;
    const description = { alias: 'default', folder: '/ws', connector: '', tools: [], dump: [], restore: [], problems: [problem] };
    const item = (await painter()).paint({ ...databaseRow, listed: { ...listed, description } });
    assert.equal(item.description, 'SQLite · tool not found');
    assert.ok(item.iconPath instanceof vscode.ThemeIcon && item.iconPath.id === 'warning');
    assert.deepEqual(item.command?.arguments, [{ folder: '/ws', path: ['dbbackup.databases', 'default', 'DUMP_CMD'] }]);
  });

  it('say which tools are used and why, and offer what a server needs', async () => {
    const tool = { name: 'pg_dump', path: '/opt/pg_dump', version: '15.4', why: 'the version of the server, 15' };
    const description = { alias: 'default', folder: '/ws', connector: '', tools: [tool], dump: [], restore: [], problems: [] };
    const target = { kind: 'server', engine: 'postgresql', host: 'localhost', port: 5432, database: 'shop' } as const;
    const database = { ...listed.database, engine: 'postgresql', target };
    const item = (await painter()).paint({ ...databaseRow, listed: { ...listed, database, description } });
    assert.equal(item.contextValue, rowKinds.serverDatabase);
    assert.equal(item.description, 'PostgreSQL · shop on localhost');
    assert.ok(item.tooltip instanceof vscode.MarkdownString);
    const words = item.tooltip.value.replaceAll(/&nbsp;|\\/g, '');
    assert.match(words, /pg_dump\*\*: 15\.4, \/opt\/pg_dump \(the version of the server, 15\)/);
  });

  it('spin, and offer Cancel, while a job runs', async () => {
    const item = (await painter(true)).paint(databaseRow);
    assert.equal(item.contextValue, rowKinds.busyDatabase);
    assert.ok(item.iconPath instanceof vscode.ThemeIcon && item.iconPath.id === 'loading~spin');
    assert.match(item.accessibilityInformation?.label ?? '', /job running/);
  });

  it('say the state of a dump by icon and by words', async () => {
    const states = ['verified', 'unverified', 'damaged'] as const;
    const paint = await painter();
    const items = states.map((state) => paint.paint({ ...dumpRow, entry: { ...entry, state } }));
    assert.equal(new Set(items.map(({ iconPath }) => iconPath instanceof vscode.ThemeIcon && iconPath.id)).size, states.length);
    for (const [index, words] of ['verified', 'not verified', 'damaged'].entries()) {
      assert.ok(items[index]?.accessibilityInformation?.label.endsWith(words));
    }
  });

  it('offer Undo Restore on the safety dump of the last restore only', async () => {
    const safety: DumpEntry = { ...entry, kind: 'safety' };
    const paint = await painter();
    assert.equal(paint.paint({ ...dumpRow, entry: safety, isUndo: true }).contextValue, rowKinds.safetyDump);
    assert.equal(paint.paint({ ...dumpRow, entry: safety }).contextValue, rowKinds.dump);
  });

  it('never turn names and findings into links, icons or markup', async () => {
    const paint = await painter();
    const items = [
      paint.paint({ ...dumpRow, showsAlias: true, entry: { ...entry, alias: hostile, name: hostile, problem: hostile } }),
      paint.paint({
        ...databaseRow,
        alias: hostile,
        listed: { ...listed, database: { ...listed.database, connector: hostile } },
      }),
    ];
    for (const { tooltip } of items) {
      assert.ok(tooltip instanceof vscode.MarkdownString);
      assert.notEqual(tooltip.isTrusted, true);
      assert.notEqual(tooltip.supportHtml, true);
      assert.notEqual(tooltip.supportThemeIcons, true);
      assert.doesNotMatch(tooltip.value, /\]\(|[^\\]<b>|[^\\]\*\*bold/);
    }
  });
});

describe('the view drawn anew', () => {
  const draw = (row: Row | undefined, looks: string, ...children: Drawn[]): Drawn => ({ row, looks, children });
  const showAll: Row = { kind: 'showAll', folder: '/ws', alias: 'default', count: 3 };

  it('keeps a row the same object, saying something new', () => {
    const known = new KnownRows();
    const first = known.keep({ ...databaseRow });
    known.become(draw(undefined, '', draw(first, 'first')));
    const newer = { ...listed, dumps: [entry, entry] };
    const second = known.keep({ ...databaseRow, listed: newer });
    assert.equal(second, first);
    assert.ok(second.kind === 'database' && second.listed === newer);
    known.become(draw(undefined, ''));
    assert.notEqual(known.keep({ ...databaseRow }), first);
  });

  it('touches the rows that have changed and no others', () => {
    const before = draw(undefined, '', draw(databaseRow, 'a', draw(dumpRow, 'b')), draw(showAll, 'c'));
    assert.deepEqual(changedRows(before, before), []);
    const dumpChanged = draw(undefined, '', draw(databaseRow, 'a', draw(dumpRow, 'other')), draw(showAll, 'c'));
    assert.deepEqual(changedRows(before, dumpChanged), [dumpRow]);
    const dumpGone = draw(undefined, '', draw(databaseRow, 'a'), draw(showAll, 'other'));
    assert.deepEqual(changedRows(before, dumpGone), [databaseRow, showAll]);
    const databaseGone = draw(undefined, '', draw(showAll, 'c'));
    assert.deepEqual(changedRows(before, databaseGone), [undefined]);
  });
});

async function painter(isBusy = false): Promise<RowPainter> {
  const { extensionUri } = await activateProduct();
  return new RowPainter(new EngineIcons(extensionUri), () => isBusy);
}
