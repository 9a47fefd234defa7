import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { refuseWithoutRoom } from '../../src/connectors/postgresql/dumpPlan.ts';
import { majorForArchive, refuseOldTool } from '../../src/connectors/postgresql/toolVersions.ts';
import { connectionVariables } from '../../src/connectors/postgresql/settings.ts';
import { BackupError } from '../../src/core/errors.ts';

const hasCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

describe('the tools of PostgreSQL', () => {
  const tool = (name: string, version: string, inContainer = false): Parameters<typeof refuseOldTool>[0] => ({
    facts: { name, version, path: `/bin/${name}` },
    words: [],
    inContainer,
  });

  it('are refused where psql cannot restrict a dump', () => {
    for (const version of ['12.22', '13.21', '14.18', '15.13', '16.9', '17.5', '9.6.24'])
      assert.throws(() => refuseOldTool(tool('psql', version), undefined), hasCode('tool.tooOld'), version);
    for (const version of ['13.22', '14.19', '15.18', '16.10', '17.6', '18.0', '18', ''])
      refuseOldTool(tool('psql', version), undefined);
    refuseOldTool(tool('psql', '', true), undefined);
    refuseOldTool(tool('pg_restore', '15.1'), 1014);
  });

  it('are refused where pg_restore is older than the archive', () => {
    assert.deepEqual([1012, 1014, 1015, 1016].map(majorForArchive), [12, 12, 16, 17]);
    assert.throws(() => refuseOldTool(tool('pg_restore', '15.18'), 1015), hasCode('tool.tooOld'));
    assert.throws(() => refuseOldTool(tool('pg_restore', '16.4'), 1016), hasCode('tool.tooOld'));
    refuseOldTool(tool('pg_restore', '17.0'), 1016);
  });

  it('are not started for a dump that cannot fit', () => {
    const rows = { rowBytes: 8_000_000 };
    const room = (freeBytes: number, kind: 'plain' | 'compressed') => () =>
      refuseWithoutRoom(rows, { freeBytes, kind, where: 'shop on localhost' });
    assert.throws(room(1_999_999, 'plain'), hasCode('disk.full'));
    assert.throws(room(399_999, 'compressed'), hasCode('disk.full'));
    room(2_000_000, 'plain')();
    room(400_000, 'compressed')();
  });

  it('are told how to encrypt as Django’s OPTIONS say it', () => {
    const keys = { NAME: 'shop', OPTIONS: { sslmode: 'verify-full', sslrootcert: '/ca.pem', connect_timeout: 5 } };
    const target = { kind: 'server', engine: 'postgresql', host: 'localhost', port: 5432, database: 'shop' } as const;
    const database = {
      alias: 'a',
      engine: 'postgresql',
      connector: '',
      keys,
      folder: '/',
      scope: 'user',
      target,
      tools: {},
    } as const;
    const { env } = connectionVariables(database);
    assert.deepEqual([env['PGSSLMODE'], env['PGSSLROOTCERT']], ['verify-full', '/ca.pem']);
    const encryptionOf = (OPTIONS: object): Record<string, string> =>
      Object.fromEntries(
        Object.entries(connectionVariables({ ...database, folder: '/project', keys: { NAME: 'shop', OPTIONS } }).env).filter(
          ([name]) => name.startsWith('PGSSL'),
        ),
      );
    assert.deepEqual(encryptionOf({}), {});
    assert.deepEqual(encryptionOf({ sslrootcert: 'system', sslcert: '', sslpassword: 'x' }), { PGSSLROOTCERT: 'system' });
    assert.deepEqual(encryptionOf({ sslrootcert: '../ca.pem', sslcert: 'own.crt', sslkey: '/own.key' }), {
      PGSSLROOTCERT: '/ca.pem',
      PGSSLCERT: '/project/own.crt',
      PGSSLKEY: '/own.key',
    });
  });
});
