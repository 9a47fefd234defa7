import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError } from '../../src/core/errors.ts';
import { withSecretFile } from '../../src/system/secretFile.ts';
import { chooseTool, findProgram, findTools, missingTool, parseVersion, type FoundTool } from '../../src/system/tools.ts';
import { makeRecordingTool } from '../helpers/recordingTool.ts';

const platform = process.platform;
const hasCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

describe('looking for tools', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dbbackup-tools-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (...names: string[]): string => join(folder, ...names);

  it('finds those on PATH once each, but not in relative folders nor in the workspace, nor what is no program', async () => {
    makeRecordingTool(at('a', 'tool'), { version: 'tool 14.2' });
    makeRecordingTool(at('b', 'tool'), { version: 'tool (X) 16.1 (Y 3)' });
    makeRecordingTool(at('ws', 'bin', 'tool'));
    makeRecordingTool(at('c', 'other'));
    symlinkSync(at('a', 'tool'), at('c', 'tool'));
    writeFileSync(at('tool'), 'text');
    const path = ['relative', '', at('ws', 'bin'), at('a'), folder, at('b'), at('c')].join(':');
    const found = await findTools('tool', { path, platform, workspace: at('ws') });
    assert.deepEqual(
      found.map(({ path: place, version, major }) => [place, version, major]),
      [
        [at('a', 'tool'), '14.2', 14],
        [at('b', 'tool'), '16.1', 16],
      ],
    );
    assert.equal(await findProgram('other', { path, platform, workspace: at('ws') }), at('c', 'other'));
    await assert.rejects(findProgram('../tool', { path, platform }), hasCode('tool.missing'));
  });

  it('takes the one that the settings name, whatever is on PATH', async () => {
    makeRecordingTool(at('a', 'tool'), { version: 'tool 14.2' });
    makeRecordingTool(at('b', 'mine'), { version: 'tool 12.1' });
    const found = await findTools('tool', { path: at('a'), platform, configured: at('b', 'mine') });
    assert.deepEqual(
      found.map(({ name, path, version }) => [name, path, version]),
      [['tool', at('b', 'mine'), '12.1']],
    );
    assert.deepEqual(await findTools('tool', { path: at('a'), platform, configured: at('gone') }), []);
  });

  it('finds the versions that a distribution keeps off PATH, in place of its wrapper', async () => {
    const found = await findTools('pg_dump', { path: '/usr/bin', platform });
    assert.ok(found.length > 0);
    assert.ok(found.every(({ path }) => path.startsWith('/usr/lib/postgresql/')));
  });

  it('reads the versions and flavours that tools say', () => {
    const cases: readonly (readonly [string, unknown])[] = [
      ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', { version: '15.18', major: 15, flavour: undefined }],
      ['pg_dump (PostgreSQL) 19beta1', { version: '19', major: 19, flavour: undefined }],
      [
        'mysqldump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)',
        { version: '10.11.6', major: 10, flavour: 'mariadb' },
      ],
      ['mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux', { version: '11.4.2', major: 11, flavour: 'mariadb' }],
      ['mysqldump  Ver 8.0.35 for Linux on x86_64 (MySQL Community Server)', { version: '8.0.35', major: 8, flavour: 'mysql' }],
      ['mongodump version: 100.9.4', { version: '100.9.4', major: 100, flavour: undefined }],
    ];
    for (const [text, expected] of cases) assert.deepEqual(parseVersion(text), expected);
    assert.equal(parseVersion('no idea'), undefined);
  });

  const tool = (version: string, flavour?: 'mysql' | 'mariadb'): FoundTool => ({
    name: 'tool',
    path: `/${version}`,
    version,
    major: Number(version.split('.')[0]),
    flavour,
  });
  const chosen = (found: readonly FoundTool[], server?: Parameters<typeof chooseTool>[1]): string => {
    const choice = chooseTool(found, server);
    return 'problem' in choice ? choice.problem.code : choice.tool.version;
  };

  it('chooses the server’s own version, else the next newer one, never an older one, and the server’s flavour', () => {
    const found = [tool('14.9'), tool('17.2'), tool('15.10'), tool('15.9'), tool('16.1')];
    assert.equal(chosen(found, { major: 15 }), '15.10');
    assert.equal(chosen(found.toSpliced(2, 2), { major: 15 }), '16.1');
    assert.equal(chosen(found, { major: 18 }), 'tool.tooOld');
    assert.equal(chosen(found), '17.2');
    const mixed = [tool('8.0.35', 'mysql'), tool('10.11.6', 'mariadb')];
    assert.equal(chosen(mixed, { major: 11, flavour: 'mariadb' }), '10.11.6');
    assert.equal(chosen(mixed, { major: 8, flavour: 'mysql' }), '8.0.35');
    assert.equal(chosen(mixed.slice(0, 1), { major: 11, flavour: 'mariadb' }), 'tool.wrongFlavour');
  });

  it('chooses an older one for MySQL and MariaDB, whose tools work across versions, but none from before a leap', () => {
    assert.equal(chosen([tool('8.0.36', 'mysql')], { major: 9, flavour: 'mysql' }), '8.0.36');
    assert.equal(chosen([tool('5.7.44', 'mysql')], { major: 8, flavour: 'mysql' }), 'tool.tooOld');
    assert.equal(chosen([tool('10.11.19', 'mariadb')], { major: 11, flavour: 'mariadb' }), '10.11.19');
    assert.equal(chosen([tool('5.5.68', 'mariadb')], { major: 11, flavour: 'mariadb' }), 'tool.tooOld');
  });

  it('says which tool is missing, where it was looked for and what to install', () => {
    for (const [name, system, hint] of [
      ['pg_dump', 'linux', /postgresql-client/],
      ['psql', 'darwin', /brew install libpq/],
      ['mariadb-dump', 'linux', /mariadb-client/],
      ['mysqldump', 'darwin', /mysql-client/],
      ['mongodump', 'win32', /mongodump/],
      ['pv', 'linux', /Install pv/],
    ] as const) {
      const error = missingTool(name, { path: '/a:/b', platform: system });
      assert.equal(error.code, 'tool.missing');
      assert.match(error.message, new RegExp(`${name} .*/a:/b`));
      assert.match(error.hint, hint);
    }
  });

  it('says that a path which was chosen by hand is wrong, and not that PATH is', () => {
    const error = missingTool('pg_dump', { configured: '/chosen/pg_dump', path: '/a:/b', platform: 'linux' });
    assert.equal(error.code, 'tool.missing');
    assert.match(error.message, /\/chosen\/pg_dump/);
    assert.doesNotMatch(error.message, /\/a:\/b/);
  });

  it('keeps a secret file private and removes it, however the body ends', async () => {
    let file = '';
    const body = async (path: string): Promise<never> => {
      file = path;
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal(await readFile(path, 'utf8'), 'secret');
      throw new Error('ends');
    };
    await assert.rejects(withSecretFile(folder, 'secret', body), /ends/);
    await assert.rejects(stat(file));
  });
});
