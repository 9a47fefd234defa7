import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError } from '../../src/core/errors.ts';
import { thisProcess } from '../../src/system/owner.ts';
import { createScratch, ensureState } from '../../src/system/stateDirectory.ts';
import { mountSmallDisk } from '../helpers/smallDisk.ts';

describe('the state directory', () => {
  let home: string;
  beforeEach(async () => (home = await mkdtemp(join(tmpdir(), 'state-'))));
  afterEach(() => rm(home, { recursive: true }));

  it('is made for its user alone, and closed to others where it was open', async () => {
    const state = join(home, 'a', 'b');
    await ensureState(state);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
    await chmod(state, 0o755);
    await ensureState(state);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
  });

  it('is refused when it belongs to another user', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await chown(home, 65534, 65534);
    await assert.rejects(ensureState(home), (error) => error instanceof BackupError && error.code === 'disk.noPermission');
  });

  it('says that the disk is read-only', async function () {
    const disk = mountSmallDisk(64);
    if (disk === undefined) return this.skip();
    try {
      disk.makeReadOnly();
      const readOnly = (error: unknown): boolean => error instanceof BackupError && error.code === 'disk.readOnly';
      await assert.rejects(ensureState(join(disk.path, 'a', 'b')), readOnly);
      await assert.rejects(createScratch(disk.path), readOnly);
    } finally {
      disk.unmount();
    }
  });

  it('gives each job a private folder and takes away what killed jobs left, but not what living ones use', async function () {
    if (process.platform !== 'linux') return this.skip();
    const living = await createScratch(home);
    const dead = join(home, 'scratch', `${(await thisProcess()).id.replace(/-[0-9]+$/, '-1')}.aabbccddeeff`);
    await mkdir(dead);
    await writeFile(join(dead, 'copy'), 'secret');
    const second = await createScratch(home);
    assert.equal((await stat(second.path)).mode & 0o777, 0o700);
    assert.deepEqual(
      (await readdir(join(home, 'scratch'))).toSorted(),
      [living.path, second.path].map((path) => path.split('/').at(-1)).toSorted(),
    );
    await living.remove();
    await second.remove();
    assert.deepEqual(await readdir(join(home, 'scratch')), []);
  });
});
