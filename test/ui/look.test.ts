import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { createSampleWorkspace, createShop } from '../../scripts/sample.ts';
import { backUpByCommandLine, openWorkspace, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';

describe('the look of the view', function () {
  this.timeout(180_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  before(async () => {
    shop = await openWorkspace((folder, state) => {
      createSampleWorkspace(folder, { orders: 100 });
      for (let count = 0; count < 12; count++) backUpByCommandLine(folder, state);
    });
  });
  after(() => shop.close());

  it('lists the ten newest dumps and shows all twelve on demand', async () => {
    const { window } = shop;
    const dumps = window.page.getByRole('treeitem', { name: /^dump of/i });
    await window.row('Show All (12)').waitFor();
    await dumps.nth(9).waitFor();
    assert.equal(await dumps.count(), 10);
    await window.picture('ten-newest');
    await window.row('Show All (12)').click();
    await window.row('Show All (12)').waitFor({ state: 'detached' });
    await dumps.nth(11).waitFor();
    assert.equal(await dumps.count(), 12);
  });

  for (const theme of ['light', 'dark', 'hcLight', 'hcDark'] as const) {
    it(`is readable in the theme ${theme}`, async () => {
      const { window } = shop;
      await window.showTheme(theme);
      await window.row(/^dump of/i).waitFor();
      await window.picture(`theme-${theme}`);
    });
  }
});

describe('a workspace of several folders', function () {
  this.timeout(120_000);
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    opened = await openWorkspace(
      (folder) => {
        for (const name of ['shop', 'billing']) {
          mkdirSync(join(folder, name, '.vscode'), { recursive: true });
          createShop(join(folder, name, 'data.sqlite3'), { orders: 100 });
          const databases = { default: { ENGINE: 'sqlite3', NAME: 'data.sqlite3' } };
          writeFileSync(join(folder, name, '.vscode', 'settings.json'), JSON.stringify({ 'dbbackup.databases': databases }));
        }
        const folders = [{ path: 'shop' }, { path: 'billing' }];
        writeFileSync(join(folder, 'all.code-workspace'), JSON.stringify({ folders }));
      },
      { opensFile: 'all.code-workspace' },
    );
  });
  after(() => opened.close());

  it('shows each folder with its own database of the same name', async () => {
    const { window } = opened;
    await window.row('Folder shop').waitFor();
    await window.row('Folder billing').waitFor();
    const databases = window.page.getByRole('treeitem', { name: /^default, SQLite/ });
    await databases.nth(1).waitFor();
    assert.equal(await databases.count(), 2);
    await window.picture('several-folders');
  });

  it('asks which of them is meant', async () => {
    const { window } = opened;
    await window.runCommand('Database Backup: Back Up Database');
    await window.pickRow('billing').waitFor();
    await window.picture('pick-a-database');
    await window.pick('billing');
    await window.toast(/Backed up default/).waitFor();
    await window.row(/^dump of/i).waitFor();
    await window.row(/^default, .*, 1 dump/).waitFor();
    assert.equal(await window.page.getByRole('treeitem', { name: /^default, .*, 1 dump/ }).count(), 1);
  });

  it('backs all of them up with one click', async () => {
    const { window } = opened;
    await window.titleAction('Back Up All Databases');
    await window.toast(/Backed up 2 databases \(/).waitFor();
    await window.picture('backed-up-all');
  });
});
