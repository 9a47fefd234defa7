import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { act, countOrders, loseOrders, openShop, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';

describe('backing up and restoring in the window', function () {
  this.timeout(120_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  before(async () => {
    shop = await openShop();
  });
  after(() => shop.close());

  it('backs up from the palette, says so, and shows the dump in the tree', async () => {
    const { window } = shop;
    await window.row(/^default, SQLite, shop\.sqlite3, no dumps yet/).waitFor();
    await window.picture('tree-without-dumps');
    await window.runCommand('Database Backup: Back Up Database');
    await window.toast(/Backed up default \(\d+\.\d MB, \d+\.\d s\)\./).waitFor();
    await window.row(/^dump of a moment ago, .*verified/i).waitFor();
    await window.picture('backed-up');
  });

  it('names what a restore replaces, and Enter shows the changes instead of restoring', async () => {
    const { window, folder } = shop;
    loseOrders(folder);
    await act(window, /^default/, 'Restore Database');
    await window.pickRow(/a moment ago/).waitFor();
    await window.picture('pick-a-dump');
    await window.input.press('Enter');
    const { message, detail, buttons } = await window.dialog();
    assert.match(message, /^Restore default from the dump of (a moment ago|1 minute ago)\?$/);
    assert.match(detail, /^SQLite shop\.sqlite3\nreplaces \d+ tables/);
    assert.match(detail, /A safety dump is made first: you can undo this\.$/);
    assert.deepEqual(buttons.filter((button) => button !== '').sort(), ['Cancel', 'Restore', 'Show Changes']);
    await window.picture('restore-question');
    await window.page.keyboard.press('Enter');
    await window.pickRow('Keep the Database as It Is').waitFor();
    await window.page.getByText('Replaced by the dump').waitFor();
    await window.picture('restore-changes');
    await window.input.press('Enter');
    await window.input.waitFor({ state: 'hidden' });
    assert.equal(countOrders(folder), 1000);
  });

  it('brings the rows back once the restore is confirmed', async () => {
    const { window, folder } = shop;
    await act(window, /^dump of/i, 'Restore Database');
    await window.dialog();
    await window.answerDialog('Restore');
    await window.toast(/Restored default from .* \(\d+\.\d s\)\./).waitFor();
    await window.picture('restored');
    assert.equal(countOrders(folder), 2000);
  });

  it('undoes the restore from the message', async () => {
    const { window, folder } = shop;
    await window.answerToast(/Restored default/, 'Undo Restore');
    const { message } = await window.dialog();
    assert.match(message, /^Restore default from the dump of/);
    await window.answerDialog('Restore');
    await window.toast(/Restored default/).waitFor();
    assert.equal(countOrders(folder), 1000);
    await window.picture('undone');
    await window.clearNotifications();
  });

  it('undoes the undo from the row of the safety dump', async () => {
    const { window, folder } = shop;
    await act(window, /^safety dump of/i, 'Undo Restore');
    await window.dialog();
    await window.picture('undo-question');
    await window.answerDialog('Restore');
    await window.toast(/Restored default/).waitFor();
    assert.equal(countOrders(folder), 2000);
  });

  it('changes nothing when the question is closed with Escape', async () => {
    const { window, folder } = shop;
    await window.runCommand('Database Backup: Restore Latest Dump');
    await window.dialog();
    await window.page.keyboard.press('Escape');
    await window.toast(/Restoring default/).waitFor({ state: 'hidden' });
    assert.equal(countOrders(folder), 2000);
  });

  it('verifies a dump from its row', async () => {
    const { window } = shop;
    await act(window, /^dump of/i, 'Verify Dump');
    await window.toast(/Verified the dump of default from .*: nothing is missing\./).waitFor();
    await window.picture('verified');
  });
});
