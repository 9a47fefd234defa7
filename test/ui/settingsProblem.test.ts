import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { createSampleWorkspace } from '../../scripts/sample.ts';
import { act, openWorkspace, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';

const databases = {
  default: { ENGINE: 'sqlite3', NAME: '${workspaceFolder}/shop.sqlite3' },
  legacy: { ENGINE: 'sqlite3' },
  gone: { ENGINE: 'sqlite3', NAME: '${workspaceFolder}/gone.sqlite3' },
};

/** Changes the settings as an editor does: nobody ever reads half of a file. */
function writeSettings(folder: string, databases: object): void {
  const file = join(folder, '.vscode', 'settings.json');
  writeFileSync(`${file}.new`, JSON.stringify({ 'dbbackup.databases': databases }, undefined, 2));
  renameSync(`${file}.new`, file);
}

describe('a mistake in the settings', function () {
  this.timeout(120_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  before(async () => {
    shop = await openWorkspace((folder) => {
      createSampleWorkspace(folder, { orders: 500 });
      writeSettings(folder, databases);
    });
  });
  after(() => shop.close());

  it('is shown in the row of its database, in words, while the others work', async () => {
    const { window } = shop;
    await window.row(/^legacy, settings problem: /).waitFor();
    await window.row(/^default, SQLite, shop\.sqlite3/).waitFor();
    await window.picture('settings-problem');
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backed up default/).waitFor();
  });

  it('is opened in settings.json by a click on the row', async () => {
    const { window } = shop;
    await window.row(/^legacy/).click();
    await window.page.locator('.tab').filter({ hasText: 'settings.json' }).waitFor();
    await window.page.locator('.view-line').filter({ hasText: '"legacy"' }).waitFor();
    await window.picture('settings-problem-opened');
  });

  it('becomes one message with Open Settings when a backup meets it', async () => {
    const { window } = shop;
    await act(window, /^gone/, 'Back Up Database');
    await window.toast(/Backing up gone failed: /).waitFor();
    await window
      .toast(/Backing up gone failed/)
      .getByRole('button', { name: 'Open Settings' })
      .waitFor();
    await window.picture('failed-backup');
  });

  it('leaves the buttons of other rows alone while its own row changes all the time', async () => {
    const { window, folder } = shop;
    let changes = 0;
    const changing = setInterval(() => {
      changes += 1;
      writeSettings(folder, { ...databases, gone: { ENGINE: 'sqlite3', NAME: `gone${changes}.sqlite3` } });
    }, 150);
    try {
      for (let time = 1; time <= 5; time++) {
        await window.clearNotifications();
        await act(window, /^default/, 'Back Up Database');
        await window.toast(/Backed up default/).waitFor();
      }
    } finally {
      clearInterval(changing);
    }
    assert.ok(changes > 10, `${changes} changes`);
  });
});
