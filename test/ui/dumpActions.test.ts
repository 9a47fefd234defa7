import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { act, openShop, pictureOfFailure, until, type OpenedWorkspace } from './shopWindow.ts';

describe('dumps in the tree', function () {
  this.timeout(120_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  const dumpNames = (): string[] => readdirSync(join(shop.folder, 'backups')).filter((name) => /\.sqlite3$/.test(name));
  const backUp = async (): Promise<void> => {
    const { window } = shop;
    await window.clearNotifications();
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backed up default/).waitFor();
  };

  before(async () => {
    shop = await openShop({ userSettings: { 'dbbackup.cleanupKeep': 2 } });
    await shop.window.row(/^default/).waitFor();
    await backUp();
  });
  after(() => shop.close());

  it('tell their file, time, state and content in the tooltip', async () => {
    const { window } = shop;
    const text = await window.tooltip(/^dump of/i, 'SHA-256');
    await window.picture('dump-tooltip');
    assert.match(text, /Made: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC /);
    assert.match(text, /Tables: 6 \(customers, order_lines, orders and 3 more\)/);
  });

  it('are revealed from the message and from their menu', async () => {
    const { window } = shop;
    await backUp();
    await window.answerToast(/Backed up default/, 'Reveal');
    await window.page
      .locator('.explorer-folders-view .monaco-list-row.selected, .explorer-folders-view .focused')
      .first()
      .waitFor();
    await window.picture('dump-revealed');
    await window.showContainer('Database Backup');
    await window.rowMenu(/^dump of/i, 'Reveal Dump');
    await window.page
      .locator('.sidebar .composite.title')
      .filter({ hasText: /explorer/i })
      .waitFor();
    await window.showContainer('Database Backup');
  });

  it('appear and disappear with their files', async () => {
    const { window, folder } = shop;
    const [name] = dumpNames();
    assert.ok(name);
    const copy = join(folder, 'backups', 'copied-by-hand.sqlite3');
    copyFileSync(join(folder, 'backups', name), copy);
    await window.row(/^Other Dumps, 1 dump/).waitFor();
    await window.expand(/^Other Dumps/);
    await window.row(/^copied-by-hand\.sqlite3, a moment ago/).waitFor();
    await window.picture('other-dumps');
    rmSync(copy);
    await window.row(/^Other Dumps/).waitFor({ state: 'detached' });
  });

  it('are called damaged when a byte is missing, in words and in the message of Verify', async () => {
    const { window, folder } = shop;
    await backUp();
    const name = dumpNames().sort().at(-1);
    assert.ok(name);
    truncateSync(join(folder, 'backups', name), 1000);
    await window.row(/damaged/).waitFor();
    await act(window, /damaged/, 'Verify Dump');
    await window.toast(/can’t be restored/).waitFor();
    await window.picture('damaged-dump');
  });

  it('are deleted with the Delete key, after a question where there is no trash', async () => {
    const { window } = shop;
    const before = dumpNames().length;
    await window.select(/damaged/);
    await window.page.keyboard.press('Delete');
    const { message, detail } = await window.dialog();
    assert.match(message, /^Delete the dump of default from .* for good\?$/);
    assert.match(detail, /There is no trash here/);
    await window.picture('delete-question');
    await window.page.keyboard.press('Escape');
    await window.page.locator('.monaco-dialog-box').waitFor({ state: 'detached' });
    assert.equal(dumpNames().length, before);
    await window.select(/damaged/);
    await window.page.keyboard.press('Delete');
    await window.dialog();
    await window.answerDialog('Delete');
    await window.row(/damaged/).waitFor({ state: 'detached' });
    assert.equal(dumpNames().length, before - 1);
    await until('its manifest is gone too', () => {
      const manifests = readdirSync(join(shop.folder, 'backups')).filter((name) => name.endsWith('.json'));
      return manifests.every((name) => dumpNames().includes(name.slice(0, -5)));
    });
  });

  it('are cleaned down to the number that the settings keep', async () => {
    const { window } = shop;
    await backUp();
    await backUp();
    const before = dumpNames().length;
    await window.runCommand('Database Backup: Clean Old Backups');
    const { message } = await window.dialog();
    assert.match(message, /^Delete \d old dumps? of default\?$/);
    await window.picture('clean-question');
    await window.answerDialog('Delete');
    await window.toast(/Deleted \d old dumps? \(/).waitFor();
    await until('two dumps are left', () => dumpNames().length === 2);
    assert.ok(before > 2);
  });

  it('can be reached with the keyboard alone', async () => {
    const { window } = shop;
    await window.runCommand('Database Backup: Focus on Databases View');
    await window.page.locator('.sidebar .monaco-list:focus').waitFor();
    await window.page.keyboard.press('Home');
    await window.page.keyboard.press('ArrowDown');
    await window.page
      .locator(
        '.sidebar .monaco-list-row.focused[aria-label^="Dump of"], .sidebar .monaco-list-row.focused[aria-label^="dump of"]',
      )
      .waitFor();
    await window.page.keyboard.press('Space');
    await window.picture('keyboard');
    await window.runCommand('Database Backup: Verify Dump');
    await window.toast(/Verified the dump of default/).waitFor();
  });
});
