import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { copyBytes, isFrozen } from '../../src/connectors/sqlite/bytes.ts';
import { openSource, type Source } from '../../src/connectors/sqlite/source.ts';
import { BackupError } from '../../src/core/errors.ts';
import { quietThread } from '../helpers/quietThread.ts';
import { SqlitePeer } from '../helpers/sqlitePeer.ts';
import { hashOf, sampleSql, using } from './sqliteSamples.ts';

describe('the bytes of an SQLite database that is held still', function () {
  let folder: string;
  let path: string;
  let copy: string;
  const opened: (SqlitePeer | Source)[] = [];

  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dbbackup-bytes-'));
    path = join(folder, 'db.sqlite3');
    copy = join(folder, 'copy');
    await writeFile(copy, '');
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await (each instanceof SqlitePeer ? each.stop() : each.close());
    await rm(folder, { recursive: true, force: true });
  });

  const makeSample = (mode: 'wal' | 'delete'): void =>
    using(path, (database) => void database.exec(`${sampleSql} PRAGMA journal_mode = ${mode}`));
  const thread = (): ReturnType<typeof quietThread> => quietThread(folder);

  async function openPeer(): Promise<SqlitePeer> {
    const peer = new SqlitePeer(path);
    opened.push(peer);
    await peer.exec('PRAGMA busy_timeout = 0');
    return peer;
  }

  async function hold(file = path): Promise<Source> {
    const source = await openSource(file, thread());
    opened.push(source);
    return source;
  }

  const release = (source: Source): void => {
    opened.splice(opened.indexOf(source), 1);
    source.close();
  };

  it('are kept from a writer by a rollback journal’s lock, until the database is closed', async () => {
    makeSample('delete');
    const before = hashOf(path);
    const source = await hold();
    assert.ok(isFrozen(source));
    copyBytes(source, copy, thread());
    const peer = await openPeer();
    await assert.rejects(peer.exec('DELETE FROM pair'), /locked/);
    release(source);
    assert.equal(hashOf(copy), before);
    await peer.exec('DELETE FROM pair');
  });

  it('stay as they were below an empty WAL, whatever others commit and want to move into the file', async () => {
    makeSample('wal');
    const before = hashOf(path);
    const source = await hold();
    assert.ok(isFrozen(source));
    const peer = await openPeer();
    await peer.exec('DELETE FROM pair');
    await peer.all('PRAGMA wal_checkpoint(TRUNCATE)');
    copyBytes(source, copy, thread());
    release(source);
    assert.equal(hashOf(copy), before);
    assert.deepEqual(await peer.all('SELECT count(*) FROM pair'), [[0]]);
  });

  it('are not all where rows are in the WAL, also when a link leads to the database', async () => {
    makeSample('wal');
    const peer = await openPeer();
    await peer.exec('DELETE FROM pair');
    assert.ok(!isFrozen(await hold()));
    const link = join(folder, 'link');
    await symlink(path, link);
    assert.ok(!isFrozen(await hold(link)));
  });

  it('are not taken from another file that has got the database’s name', async () => {
    makeSample('delete');
    const source = await hold();
    await rename(copy, path);
    assert.throws(
      () => source.openFile(),
      (error: unknown) => error instanceof BackupError && error.code === 'sqlite.inUse',
    );
  });
});
