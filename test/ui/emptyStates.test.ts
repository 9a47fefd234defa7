import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'mocha';
import { createShop } from '../../scripts/sample.ts';
import { openWorkspace, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';

describe('a window without databases', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace | undefined;
  afterEach(pictureOfFailure(() => opened?.window));

  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });

  it('offers to open a folder where none is open', async () => {
    opened = await openWorkspace(() => undefined, { opensFolder: false });
    const { page } = opened.window;
    await page.getByText('Open the folder of your project').waitFor();
    await page.locator('.welcome-view').getByRole('button', { name: 'Open Folder' }).waitFor();
    await opened.window.picture('empty-window');
  });

  it('offers to add a database, step by step, and writes it to settings.json', async () => {
    opened = await openWorkspace((folder) => {
      mkdirSync(join(folder, 'data'));
      createShop(join(folder, 'data', 'shop.sqlite3'), { orders: 10 });
    });
    const { window, folder } = opened;
    await window.page.getByText('Name a database of this workspace').waitFor();
    await window.picture('no-databases');
    await window.page.locator('.welcome-view').getByRole('button', { name: 'Add Database' }).click();

    await window.pickRow('SQLite').waitFor();
    await window.picture('add-database-engine');
    await window.pick('SQLite');
    await window.type('What do you call it?', 'sh op');
    await window.page.getByText('Use letters, digits, dots, dashes and underscores').waitFor();
    await window.picture('add-database-name');
    await window.page.getByRole('button', { name: /^Back \(/ }).click();
    await window.pick('SQLite');
    await window.answer('What do you call it?', 'shop');
    await window.pickRow('data/shop.sqlite3').waitFor();
    await window.picture('add-database-file');
    await window.pick('data/shop.sqlite3');

    await window.row(/^shop, SQLite, shop\.sqlite3/).waitFor();
    await window.page.locator('.tab').filter({ hasText: 'settings.json' }).waitFor();
    await window.picture('database-added');
    const written: unknown = JSON.parse(readFileSync(join(folder, '.vscode', 'settings.json'), 'utf8'));
    assert.deepEqual(written, { 'dbbackup.databases': { shop: { ENGINE: 'sqlite3', NAME: 'data/shop.sqlite3' } } });
  });

  it('shows a database as soon as the settings name it', async () => {
    opened = await openWorkspace((folder) => createShop(join(folder, 'shop.sqlite3'), { orders: 10 }));
    const { window, folder } = opened;
    await window.page.getByText('Name a database of this workspace').waitFor();
    mkdirSync(join(folder, '.vscode'));
    const settings = { 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: '${workspaceFolder}/shop.sqlite3' } } };
    writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(settings));
    await window.row(/^default, SQLite, shop\.sqlite3/).waitFor();
  });
});
