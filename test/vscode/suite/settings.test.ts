import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { Database } from '../../../src/core/database.ts';
import { Settings } from '../../../src/shell/settings.ts';
import { until } from '../../helpers/processes.ts';
import { settles } from '../../helpers/settles.ts';
import { activateProduct } from '../product.ts';

const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const file = join(folder, '.vscode', 'settings.json');
const uri = vscode.Uri.file(file);
const original = readFileSync(file, 'utf8');

/** Writes the folder's settings.json and shows it, so that VS Code's own checks look at it too. */
async function write(settings: unknown): Promise<vscode.TextDocument> {
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings, null, 2));
  const document = await vscode.workspace.openTextDocument(uri);
  const written = readFileSync(file, 'utf8');
  await until(() => document.getText() === written, 'the editor to show the file');
  await vscode.window.showTextDocument(document);
  return document;
}

/** The diagnostics of the file as `text under the line: code or source`, in order of place. */
function underlined(document: vscode.TextDocument): string[] {
  return vscode.languages
    .getDiagnostics(document.uri)
    .toSorted((one, other) => one.range.start.compareTo(other.range.start))
    .map(
      ({ range, code, source }) =>
        `${document.getText(range)} ${source === 'Database Backup' && typeof code === 'string' ? code : 'by the schema'}`,
    );
}

describe('settings.json', () => {
  before(activateProduct);

  afterEach(async () => {
    const configuration = vscode.workspace.getConfiguration('dbbackup');
    await configuration.update('databases', undefined, vscode.ConfigurationTarget.Global);
    await configuration.update('connectors', undefined, vscode.ConfigurationTarget.Global);
  });

  after(() => writeFileSync(file, original));

  it('underlines each mistake once, at its very place', async () => {
    const document = await write({
      'dbbackup.databases': {
        typo: { ENGINE: 'sqlite3', NAME: 'a.db', EXTENSON: 'x' },
        wrongType: { ENGINE: 'postgresql', NAME: 'shop', EXCLUDE: 'log', DROP: 'no' },
        engine: { ENGINE: 'sqlit3', NAME: 'a.db' },
        shell: { ENGINE: 'postgresql', NAME: 'shop', DUMP_SUFFIX: '> file' },
        variable: { ENGINE: 'sqlite3', NAME: '${env:DBBACKUP_NOWHERE}' },
        nameless: { ENGINE: 'mysql' },
      },
      'dbbackup.connectors': { shell: { EXCLUDE: 3 }, nobody: { NAME: 'x' } },
      'dbbackup.compression': 'rar',
      'dbbackup.cleanupKeep': 0,
      'dbbackup.filenameTemplate': '{who}',
    });
    const expected = [
      '"EXTENSON" settings.unknownKey',
      '"log" by the schema',
      '"no" by the schema',
      '"sqlit3" settings.unknownEngine',
      '"> file" settings.shellSyntax',
      '"${env:DBBACKUP_NOWHERE}" settings.variableUnset',
      '"nameless" settings.missingKey',
      '3 settings.wrongType',
      '"nobody" settings.unknownAlias',
      '"rar" by the schema',
      '0 by the schema',
      '"{who}" settings.wrongValue',
    ];
    await settles(() => underlined(document), expected);
  });

  it('leaves a Django block in peace', async () => {
    const document = await write({
      'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: 'a.db', TYPO_HERE: 1 } },
    });
    await settles(() => underlined(document), ['"TYPO_HERE" settings.unknownKey']);
    const block = {
      ENGINE: 'django.db.backends.postgresql',
      NAME: 'shop',
      USER: 'ada',
      PASSWORD: 'x',
      HOST: '',
      PORT: '',
      CONN_MAX_AGE: 60,
    };
    await write({ 'dbbackup.databases': { default: { ...block, ATOMIC_REQUESTS: true, OPTIONS: {}, TEST: { NAME: 't' } } } });
    await settles(() => underlined(document), []);
  });

  it('is corrected by the quick fix', async () => {
    const document = await write({
      'dbbackup.databases': { default: { ENGINE: 'postgresql', NAME: 'shop', DUMP_CMMD: 'pg_dump' } },
    });
    await settles(() => underlined(document), ['"DUMP_CMMD" settings.unknownKey']);
    const range = vscode.languages.getDiagnostics(uri)[0]?.range;
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      range,
      'quickfix',
    );
    const ours = actions.filter(({ title }) => title === 'Change to DUMP_CMD' || title === 'Open Settings');
    assert.deepEqual(
      ours.map(({ title }) => title),
      ['Change to DUMP_CMD', 'Open Settings'],
    );
    const edit = ours[0]?.edit;
    assert.ok(edit);
    await vscode.workspace.applyEdit(edit);
    await document.save();
    await settles(() => underlined(document), []);
    assert.match(document.getText(), /"DUMP_CMD": "pg_dump"/);
  });

  it('completes engines and their keys by the schema, and connectors by us, with descriptions', async () => {
    const document = await write(
      '{ "dbbackup.databases": { "default": { "ENGINE": "postgresql", } },\n "dbbackup.connectors": { "default": { "S" } } }',
    );
    const offered = async (before: string): Promise<vscode.CompletionItem[]> => {
      const position = document.positionAt(document.getText().indexOf(before) + before.length);
      const list = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        position,
      );
      return list.items;
    };
    const labelsOf = (items: readonly vscode.CompletionItem[]): string[] =>
      items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    await until(
      async () => labelsOf(await offered('"postgresql", ')).includes('SINGLE_TRANSACTION'),
      'keys of PostgreSQL',
      20_000,
    );
    const keys = labelsOf(await offered('"postgresql", '));
    assert.ok(
      keys.includes('NAME') && keys.includes('SCHEMAS') && keys.includes('DUMP_SUFFIX') && !keys.includes('OBJECT_CHECK'),
    );
    assert.ok(labelsOf(await offered('"ENGINE": ')).some((label) => label.includes('django.db.backends.sqlite3')));
    const ours = await offered('"S');
    const schemas = ours.find(({ label }) => label === 'SCHEMAS');
    assert.ok(schemas?.documentation instanceof vscode.MarkdownString);
  });

  it('describes a key of connectors under the pointer', async () => {
    const document = await write({
      'dbbackup.databases': { default: { ENGINE: 'postgresql', NAME: 'shop' } },
      'dbbackup.connectors': { default: { JOBS: 4 } },
    });
    const position = document.positionAt(document.getText().indexOf('JOBS') + 1);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, position);
    const words = hovers.flatMap(({ contents }) =>
      contents.map((part) => (part instanceof vscode.MarkdownString ? part.value : '')),
    );
    assert.equal(words.filter((text) => text.includes('pg_restore')).length, 1);
  });

  it('never lends a password of user settings to a HOST of the workspace', async () => {
    const settings = new Settings();
    await settings.ready;
    const configuration = vscode.workspace.getConfiguration('dbbackup');
    const mine = { ENGINE: 'postgresql', NAME: 'shop', USER: 'ada', HOST: 'db.example.org', PASSWORD: 'hunter2' };
    await write({ 'dbbackup.databases': { default: { HOST: 'evil.example.org' } } });
    await configuration.update('databases', { default: mine, own: mine }, vscode.ConfigurationTarget.Global);
    const named = (list: readonly { readonly alias: string }[] = []): string[] => list.map(({ alias }) => alias);
    const hasBoth = (): boolean =>
      named(settings.folders[0]?.databases).includes('own') && named(settings.folders[0]?.broken).includes('default');
    await until(hasBoth, 'the user’s own database and the workspace’s broken one', 20_000);
    assert.ok(!named(settings.folders[0]?.databases).includes('default'));

    await write({ 'dbbackup.connectors': { default: { HOST: 'evil.example.org' } } });
    const borrowed = (): unknown => settings.folders[0]?.databases.find(({ alias }) => alias === 'default')?.keys;
    await settles(borrowed, { ENGINE: 'postgresql', NAME: 'shop', USER: 'ada', HOST: 'evil.example.org' });
    settings.dispose();
  });

  it('gets a database added at its end, with its comments kept', async () => {
    const settings = new Settings();
    await settings.ready;
    const document = await write(
      '{\n  // mine\n  "dbbackup.databases": {\n    "a": { "ENGINE": "sqlite3", "NAME": "a.db" } // first\n  }\n}\n',
    );
    await settings.addDatabase({ folder, alias: 'b', keys: { ENGINE: 'sqlite3', NAME: 'b.db' } });
    assert.match(
      document.getText(),
      /\n {4}"a": \{ "ENGINE": "sqlite3", "NAME": "a.db" \}, \/\/ first\n {4}"b": \{\n {6}"ENGINE"/,
    );
    assert.equal(readFileSync(file, 'utf8'), document.getText());
    assert.equal(vscode.window.activeTextEditor?.document.getText(vscode.window.activeTextEditor.selection), '"b"');
    await until(() => settings.folders[0]?.aliases.length === 2, 'the settings');
    assert.equal(await settings.reveal({ folder, path: ['dbbackup.databases', 'a', 'NAME'] }), true);
    assert.equal(await settings.reveal({ folder, path: ['dbbackup.databases', 'nobody'] }), false);
    settings.dispose();
  });

  it('loses a password to secret storage, with everything else kept', async () => {
    const settings = new Settings();
    await settings.ready;
    const text = `{
  "dbbackup.databases": {
    "shop": { "ENGINE": "postgresql", "NAME": "shop", "PASSWORD": "one" } // mine
  },
  "dbbackup.connectors": { "shop": { "PASSWORD": "two" } }
}
`;
    const document = await write(text);
    const shop = (): Database | undefined => settings.folders[0]?.databases.find(({ alias }) => alias === 'shop');
    await until(() => shop()?.keys['PASSWORD'] === 'two', 'the database');
    const database = shop();
    assert.ok(database);
    const written = await settings.passwordsOf(database);
    assert.deepEqual(
      written.map(({ password }) => password),
      ['one', 'two'],
    );
    for (const each of written) await settings.remove(each);
    assert.equal(document.getText(), text.replace(', "PASSWORD": "one"', '').replace(' "PASSWORD": "two"', ''));
    assert.equal(document.isDirty, false);
    settings.dispose();
  });

  it('holds no password that could be moved where a variable or user settings give it', async () => {
    const settings = new Settings();
    await settings.ready;
    const passwords = async (keys: object, scope: 'folder' | 'user'): Promise<readonly unknown[]> => {
      await write({ 'dbbackup.databases': { shop: { ENGINE: 'postgresql', NAME: 'shop', ...keys } } });
      const database = settings.resolve({ folder, alias: 'shop', keys: { ENGINE: 'postgresql', NAME: 'shop', ...keys } });
      assert.ok(database);
      return settings.passwordsOf({ ...database, keyScopes: { PASSWORD: scope } });
    };
    assert.deepEqual(await passwords({ PASSWORD: '${env:HOME}' }, 'folder'), []);
    assert.deepEqual(await passwords({ PASSWORD: 'x' }, 'user'), []);
    assert.equal((await passwords({ PASSWORD: 'x' }, 'folder')).length, 1);
    settings.dispose();
  });

  it('keeps the tools that are there when one is chosen', async () => {
    const settings = new Settings();
    const chosen = (): unknown => vscode.workspace.getConfiguration('dbbackup').inspect('tools')?.globalValue;
    await settings.setTool('pg_dump', '/opt/pg_dump');
    await settings.setTool('psql', '/opt/psql');
    await settles(chosen, { pg_dump: '/opt/pg_dump', psql: '/opt/psql' });
    await vscode.workspace.getConfiguration('dbbackup').update('tools', undefined, vscode.ConfigurationTarget.Global);
    settings.dispose();
  });

  it('is underlined in user settings too, while they are open', async () => {
    await write({});
    const configuration = vscode.workspace.getConfiguration('dbbackup');
    await configuration.update(
      'databases',
      { mine: { ENGINE: 'sqlite3', NAME: 'a.db', EXTENSON: 'x' } },
      vscode.ConfigurationTarget.Global,
    );
    await vscode.commands.executeCommand('workbench.action.openSettingsJson');
    const user = vscode.window.activeTextEditor?.document;
    assert.ok(user);
    await settles(() => underlined(user), ['"EXTENSON" settings.unknownKey']);
  });
});
