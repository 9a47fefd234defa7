import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { createSampleWorkspace } from '../../scripts/sample.ts';
import { act, backUpByCommandLine, openShop, openWorkspace, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';

describe('Restricted Mode', function () {
  this.timeout(120_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  before(async () => {
    shop = await openShop({ trust: 'asked' });
  });
  after(() => shop.close());

  it('says what works and offers Manage Trust where there are no dumps', async () => {
    const { window } = shop;
    await window.page.getByText('In Restricted Mode existing dumps are listed here').waitFor();
    await window.page.locator('.welcome-view').getByRole('button', { name: 'Manage Trust' }).waitFor();
    await window.picture('restricted-without-dumps');
  });

  it('refuses to back up in one sentence, with Manage Trust', async () => {
    const { window, folder } = shop;
    await window.runCommand('Database Backup: Back Up Database');
    await window.toast(/In Restricted Mode dumps can only be looked at and verified/).waitFor();
    await window.picture('restricted-refused');
    await window.answerToast(/In Restricted Mode/, 'Manage Trust');
    await window.page.locator('.workspace-trust-editor').waitFor();
    assert.ok(!readdirSync(folder).includes('backups'));
  });

  it('reads the databases once the workspace is trusted', async () => {
    const { window } = shop;
    await window.grantTrust();
    await window.row(/^default, SQLite, shop\.sqlite3, no dumps yet/).waitFor();
    await window.runCommand('Database Backup: Back Up Database');
    await window.toast(/Backed up default/).waitFor();
  });
});

describe('Restricted Mode with dumps', function () {
  this.timeout(120_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  before(async () => {
    shop = await openWorkspace(
      (folder, state) => {
        createSampleWorkspace(folder, { orders: 500 });
        backUpByCommandLine(folder, state);
      },
      { trust: 'asked' },
    );
  });
  after(() => shop.close());

  it('lists them by the names in their manifests and verifies them', async () => {
    const { window } = shop;
    await window.row(/^default/).waitFor();
    await window.row(/^dump of/i).waitFor();
    await window.page.getByText('Restricted Mode: dumps can be looked at and verified').waitFor();
    await window.picture('restricted-with-dumps');
    await act(window, /^dump of/i, 'Verify Dump');
    await window.toast(/Verified the dump of default from .*: nothing is missing/).waitFor();
  });

  it('offers neither restore nor delete on a dump', async () => {
    const { window, folder } = shop;
    await window.row(/^dump of/i).click({ button: 'right' });
    const menu = window.page.getByRole('menuitem');
    await menu.filter({ hasText: 'Verify Dump' }).waitFor();
    const items = await menu.allInnerTexts();
    assert.ok(!items.some((item) => /Restore|Delete/.test(item)), items.join(', '));
    await window.page.keyboard.press('Escape');
    await menu.filter({ hasText: 'Verify Dump' }).waitFor({ state: 'hidden' });
    await window.select(/^dump of/i);
    await window.page.keyboard.press('Delete');
    await window.runCommand('Database Backup: Delete Dump');
    await window.toast(/In Restricted Mode/).waitFor();
    assert.ok(readdirSync(join(folder, 'backups')).some((name) => name.endsWith('.sqlite3')));
    assert.match(readFileSync(join(folder, 'backups', '.gitignore'), 'utf8'), /\*/);
  });
});
