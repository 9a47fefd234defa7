import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { after, afterEach, before, describe, it } from 'mocha';
import { act, openWorkspace, pictureOfFailure, type OpenedWorkspace } from './shopWindow.ts';
import { createSampleWorkspace } from '../../scripts/sample.ts';

describe('a long job', function () {
  this.timeout(180_000);
  let shop: OpenedWorkspace;
  afterEach(pictureOfFailure(() => shop.window));

  const published = (): string[] => {
    const directory = join(shop.folder, 'backups');
    return existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
  };

  before(async () => {
    // Copying alone would be over before anybody has cancelled it.
    const userSettings = { 'dbbackup.compression': 'gzip' };
    shop = await openWorkspace((folder) => fatten(createSampleWorkspace(folder, { orders: 2000 }), 400), { userSettings });
    await shop.window.row(/^default/).waitFor();
  });
  after(() => shop.close());

  it('shows percent, bytes and speed, and spins in its row', async () => {
    const { window } = shop;
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backing up default: .*\d+ % · [\d,.]+ MB/).waitFor();
    await window.row(/^default, .*job running/).waitFor();
    await window.picture('progress');
  });

  it('publishes nothing when it is cancelled from the message, and says nothing either', async () => {
    const { window } = shop;
    await window.answerToast(/Backing up default/, 'Cancel');
    await window.toast(/Backing up default/).waitFor({ state: 'hidden' });
    await window.row(/^default, SQLite, shop\.sqlite3, no dumps yet/).waitFor();
    await window.picture('cancelled');
    assert.deepEqual(published(), []);
    assert.equal(await window.toast(/failed|cancel/i).count(), 0);
  });

  it('is cancelled from its row as well', async () => {
    const { window } = shop;
    await act(window, /^default/, 'Back Up Database');
    await window.row(/^default, .*job running/).waitFor();
    await window.rowAction(/^default/, 'Cancel');
    await window.toast(/Backing up default/).waitFor({ state: 'hidden' });
    assert.deepEqual(published(), []);
  });

  it('leaves nothing of the cancelled ones behind when it ends', async () => {
    const { window, folder } = shop;
    await act(window, /^default/, 'Back Up Database');
    await window.toast(/Backed up default \(\d+\.\d MB/).waitFor();
    const names = readdirSync(join(folder, 'backups')).filter((name) => name !== '.gitignore');
    assert.equal(names.length, 2, names.join(', '));
  });
});

/** Makes a database so big that its backup can be watched. */
function fatten(file: string, megabytes: number): void {
  const shop = new Database(file);
  try {
    shop.pragma('synchronous = OFF');
    shop.exec('CREATE TABLE pictures (id INTEGER PRIMARY KEY, bytes BLOB)');
    const add = shop.prepare('INSERT INTO pictures (bytes) VALUES (randomblob(1000000))');
    for (let count = 0; count < megabytes; count++) add.run();
    shop.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    shop.close();
  }
}
