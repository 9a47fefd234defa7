import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { commandIds } from '../../../src/contributions.ts';
import type { DatabaseBackupApi } from '../../../src/shell/api.ts';
import { activateProduct } from '../product.ts';

describe('commands', () => {
  let api: DatabaseBackupApi;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';

  before(async () => {
    api = (await activateProduct()).exports;
  });

  it('back up the database that the caller names, without asking', async () => {
    const result = await vscode.commands.executeCommand<readonly { readonly file: string }[]>(commandIds.backup, {
      alias: 'default',
    });
    const file = result[0]?.file ?? '';
    assert.equal(readFileSync(file).subarray(0, 15).toString('latin1'), 'SQLite format 3');
    assert.ok(existsSync(`${file}.json`));
    const [database] = await api.databases();
    assert.deepEqual(
      database?.dumps.map((dump) => [dump.file, dump.kind, dump.state]),
      [[file, 'manual', 'verified']],
    );
  });

  it('back up through the public interface', async () => {
    const file = await api.backUp('default');
    assert.ok(file !== undefined && existsSync(file));
    assert.equal((await api.databases())[0]?.dumps[0]?.file, file);
  });

  it('answer nothing for a database that does not exist', async () => {
    assert.equal(await vscode.commands.executeCommand(commandIds.backup, { alias: 'nowhere' }), undefined);
    assert.equal(await api.backUp('nowhere'), undefined);
  });

  it('ignore arguments that are no answers', async () => {
    const result = await vscode.commands.executeCommand<readonly unknown[]>(commandIds.backupAll, { alias: 7 }, [
      'x',
      null,
      { file: [] },
    ]);
    assert.equal(result.length, 1);
  });

  it('verify a dump by its file', async () => {
    const file = (await api.databases())[0]?.dumps[0]?.file;
    const result = await vscode.commands.executeCommand<{ readonly files: readonly { readonly state: string }[] }>(
      commandIds.verify,
      { file },
    );
    assert.deepEqual(
      result.files.map(({ state }) => state),
      ['verified'],
    );
  });

  it('restore nothing as long as nobody has said yes', async () => {
    const countOrders = (): unknown => {
      const shop = new Database(join(folder, 'shop.sqlite3'), { readonly: true });
      try {
        return shop.prepare('SELECT count(*) FROM orders').pluck().get();
      } finally {
        shop.close();
      }
    };
    const shop = new Database(join(folder, 'shop.sqlite3'));
    shop.exec('DELETE FROM order_lines; DELETE FROM orders WHERE id > 100');
    shop.close();
    for (const command of [commandIds.restoreLatest, commandIds.undoRestore]) {
      assert.equal(await vscode.commands.executeCommand(command, { alias: 'default' }), undefined);
    }
    assert.equal(countOrders(), 100);
    assert.ok((await api.databases())[0]?.dumps.every(({ kind }) => kind === 'manual'));
  });

  it('delete only files that are listed as dumps', async () => {
    const file = join(folder, 'shop.sqlite3');
    await vscode.commands.executeCommand(commandIds.delete, { file });
    assert.ok(existsSync(file));
  });

  it('copy the path of a dump', async () => {
    const file = (await api.databases())[0]?.dumps[0]?.file;
    await vscode.commands.executeCommand(commandIds.copyPath, { file });
    assert.equal(await vscode.env.clipboard.readText(), file);
  });

  it('tell when dumps come and go', async () => {
    const changed = new Promise<void>((resolve) => {
      const listening = api.onDidChange(() => {
        listening.dispose();
        resolve();
      });
    });
    const directory = vscode.Uri.file(join(folder, 'backups'));
    const [name] = readdirSync(directory.fsPath).filter((each) => each.endsWith('.sqlite3'));
    await vscode.workspace.fs.copy(
      vscode.Uri.joinPath(directory, name ?? ''),
      vscode.Uri.joinPath(directory, 'copied-by-hand.sqlite3'),
    );
    await changed;
  });
});
