import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addressOf, optionFileText } from '../../src/connectors/mysql/optionFile.ts';

describe('the option file of the MySQL tools', () => {
  const nothing = { database: 'shop', tables: [] };

  it('M3: takes a HOST that begins with / for a socket, and any other for TCP', () => {
    const socket = optionFileText({
      address: addressOf('/run/my sql.sock', 3306),
      user: 'a',
      password: undefined,
      encryption: [],
      ignored: nothing,
    });
    assert.equal(socket, '[client]\nsocket="/run/my sql.sock"\nprotocol=socket\nuser="a"\n');
    const tcp = optionFileText({
      address: addressOf('localhost', 3307),
      user: undefined,
      password: undefined,
      encryption: [],
      ignored: nothing,
    });
    assert.equal(tcp, '[client]\nhost="localhost"\nport=3307\nprotocol=tcp\n');
  });

  it('keeps what a password may hold inside its quotes, on its line', () => {
    const text = optionFileText({
      address: addressOf('h', 1),
      user: undefined,
      password: 'a"b\\c#d\n[mysqldump]\t',
      encryption: [],
      ignored: nothing,
    });
    assert.ok(text.endsWith('\npassword="a\\"b\\\\c#d\\n[mysqldump]\\t"\n'));
  });

  it('sends an empty password as one, and none as none', () => {
    const of = (password: string | undefined): string =>
      optionFileText({ address: addressOf('h', 1), user: 'u', password, encryption: [], ignored: nothing });
    assert.match(of(''), /^password=""$/m);
    assert.doesNotMatch(of(undefined), /password/);
  });

  it('M13: leaves tables out under the heading that only a dump reads', () => {
    const tables = ['plain', 'od"d', 'back\\slash', '# no comment', "it's"];
    const text = optionFileText({
      address: addressOf('h', 1),
      user: 'u',
      password: 'p',
      encryption: [],
      ignored: { database: 'my shop', tables },
    });
    assert.deepEqual(text.slice(text.indexOf('[mysqldump]')).split('\n'), [
      '[mysqldump]',
      'ignore-table="my shop.plain"',
      'ignore-table="my shop.od\\"d"',
      'ignore-table="my shop.back\\\\slash"',
      'ignore-table="my shop.# no comment"',
      'ignore-table="my shop.it\'s"',
      '',
    ]);
  });
});
