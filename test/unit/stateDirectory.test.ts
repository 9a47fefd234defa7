import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { codeCachePath, stateDirectoryPath } from '../../src/core/stateDirectory.ts';

describe('stateDirectoryPath', () => {
  it('uses the folder that DBBACKUP_STATE names', () => {
    const env = { DBBACKUP_STATE: '/srv/state', XDG_STATE_HOME: '/elsewhere' };
    assert.equal(stateDirectoryPath({ platform: 'linux', home: '/home/ann', env }), '/srv/state');
  });

  it('does not believe a relative folder', () => {
    const env = { DBBACKUP_STATE: 'state', XDG_STATE_HOME: 'other' };
    assert.equal(stateDirectoryPath({ platform: 'linux', home: '/home/ann', env }), '/home/ann/.local/state/dbbackup');
  });

  it('follows the habits of each platform', () => {
    const linux = { platform: 'linux', home: '/home/ann', env: { XDG_STATE_HOME: '/home/ann/.state' } };
    const mac = { platform: 'darwin', home: '/Users/ann', env: {} };
    const windows = { platform: 'win32', home: 'C:\\Users\\ann', env: { LOCALAPPDATA: 'D:\\Local' } };
    assert.equal(stateDirectoryPath(linux), '/home/ann/.state/dbbackup');
    assert.equal(stateDirectoryPath(mac), '/Users/ann/Library/Application Support/dbbackup');
    assert.equal(stateDirectoryPath(windows), 'D:\\Local\\dbbackup');
    assert.equal(stateDirectoryPath({ ...windows, env: {} }), 'C:\\Users\\ann\\AppData\\Local\\dbbackup');
  });
});

describe('codeCachePath', () => {
  const ann = 1000;

  it('lies in the state directory of the user', () => {
    assert.equal(
      codeCachePath('/state', () => ({ uid: ann, mode: 0o40700 }), ann),
      '/state/compiled',
    );
    assert.equal(
      codeCachePath('D:\\state', () => ({ uid: 0, mode: 0o40666 }), undefined),
      'D:\\state/compiled',
    );
  });

  it('is nowhere when others could put code there', () => {
    assert.equal(
      codeCachePath('/state', () => ({ uid: 1001, mode: 0o40700 }), ann),
      undefined,
    );
    assert.equal(
      codeCachePath('/state', () => ({ uid: ann, mode: 0o40770 }), ann),
      undefined,
    );
    assert.equal(
      codeCachePath('/state', () => ({ uid: ann, mode: 0o40702 }), ann),
      undefined,
    );
  });

  it('is nowhere while there is no state directory', () => {
    const missing = (): never => {
      throw new Error('ENOENT');
    };
    assert.equal(codeCachePath('/state', missing, ann), undefined);
  });
});
