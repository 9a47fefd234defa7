import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { encryptionOf, encryptionOptions } from '../../src/connectors/mysql/encryption.ts';
import type { Database } from '../../src/core/database.ts';

const database = (OPTIONS: unknown): Database => ({
  alias: 'default',
  engine: 'mysql',
  connector: 'MysqlDumpConnector',
  keys: { NAME: 'shop', OPTIONS },
  folder: '/project',
  scope: 'folder',
  target: { kind: 'server', engine: 'mysql', host: 'localhost', port: 3306, database: 'shop' },
  tools: {},
});

describe('encryption of MySQL, as OPTIONS say it', () => {
  const modeOf = (options: unknown): string => encryptionOf(database(options)).mode;
  const [ca, cert] = ['/ca.pem', '/own.crt'];

  it('is what the server has where nothing is said, and nothing less than what is said', () => {
    for (const nothing of [undefined, {}, { charset: 'utf8mb4' }, { ssl: {} }, { ssl: false }, { ssl: 'x' }, { ssl_mode: 1 }])
      assert.equal(modeOf(nothing), 'PREFERRED');
    for (const mode of ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'])
      assert.equal(modeOf({ ssl_mode: mode }), mode);
    assert.equal(modeOf({ ssl: true }), 'REQUIRED');
  });

  it('verifies the server with an authority, and is required with a certificate', () => {
    for (const mode of [undefined, 'PREFERRED', 'REQUIRED', 'VERIFY_CA'])
      assert.equal(modeOf({ ssl: { ca }, ssl_mode: mode }), 'VERIFY_CA');
    assert.equal(modeOf({ ssl: { ca }, ssl_mode: 'VERIFY_IDENTITY' }), 'VERIFY_IDENTITY');
    assert.equal(modeOf({ ssl: { ca }, ssl_mode: 'DISABLED' }), 'DISABLED');
    assert.equal(modeOf({ ssl: { cert } }), 'REQUIRED');
    assert.equal(modeOf({ ssl: { cert }, ssl_mode: 'PREFERRED' }), 'REQUIRED');
  });

  it('takes paths from the workspace folder on, and one file for a certificate with its key', () => {
    assert.deepEqual(encryptionOf(database({ ssl: { ca: 'ca.pem', cert: '../own.pem' } })).files, {
      ca: '/project/ca.pem',
      cert: '/own.pem',
      key: '/own.pem',
    });
  });

  it('is told to each tool in its own words', () => {
    const words = (options: unknown, name: string, { flavour, inContainer = false, server }: Told = {}): string =>
      encryptionOptions(
        encryptionOf(database(options)),
        { facts: { name, path: name, version: '' }, words: [], inContainer, flavour },
        server,
      )
        .map((option) => (option.value === undefined ? option.name : `${option.name}=${option.value}`))
        .join(' ');
    const [mysql, mariadb] = [{ flavour: 'mysql' }, { flavour: 'mariadb' }] as const;
    const all = { ca, cert, key: '/own.key' };
    const paths = 'ssl-ca=/ca.pem ssl-cert=/own.crt ssl-key=/own.key';
    assert.equal(words({}, 'mysqldump', mysql), '');
    assert.equal(words({}, 'mariadb-dump', mariadb), '');
    assert.equal(words({ ssl_mode: 'DISABLED', ssl: all }, 'mysqldump', mysql), 'ssl-mode=DISABLED');
    assert.equal(words({ ssl_mode: 'DISABLED', ssl: all }, 'mysqldump', mariadb), 'skip-ssl');
    assert.equal(words({ ssl: all }, 'mysqldump', mysql), `${paths} ssl-mode=VERIFY_CA`);
    assert.equal(words({ ssl: all }, 'mysqldump', mariadb), `${paths} ssl`);
    assert.equal(words({ ssl_mode: 'REQUIRED' }, 'mysqldump', mysql), 'ssl-mode=REQUIRED');
    assert.equal(words({ ssl_mode: 'REQUIRED' }, 'mariadb-dump', mariadb), 'ssl');
    assert.equal(words({ ssl_mode: 'VERIFY_CA' }, 'mariadb-dump', mariadb), 'ssl ssl-verify-server-cert');
    const named = { ssl_mode: 'VERIFY_IDENTITY', ssl: all };
    assert.equal(words(named, 'mysql', mysql), `${paths} ssl-mode=VERIFY_IDENTITY`);
    assert.equal(words(named, 'mysql', mariadb), `${paths} ssl ssl-verify-server-cert`);
    // In a container its name, else the server, says whose a tool is.
    const inContainer = true;
    assert.equal(words({ ssl: all }, 'mariadb-dump', { inContainer }), 'ssl ssl-verify-server-cert');
    assert.equal(words({ ssl: all }, 'mysqldump', { inContainer, server: 'mariadb' }), 'ssl ssl-verify-server-cert');
    assert.equal(words({ ssl: all }, 'mysqldump', { inContainer }), 'ssl-mode=VERIFY_CA');
  });
});

interface Told {
  readonly flavour?: 'mysql' | 'mariadb' | undefined;
  readonly inContainer?: boolean;
  readonly server?: 'mysql' | 'mariadb' | undefined;
}
