import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { canDumpHistory, flavourArgs, knowsSandbox } from '../../src/connectors/mysql/arguments.ts';
import { mayEverywhere, mayInDatabase, parseGrants } from '../../src/connectors/mysql/grants.ts';

describe('the rights of a MySQL account, as SHOW GRANTS says them', () => {
  it('are read from the lines of both flavours', () => {
    const rights = parseGrants(
      [
        "GRANT USAGE, SHOW_ROUTINE ON *.* TO `backup`@`%` IDENTIFIED BY PASSWORD '*ABC' WITH GRANT OPTION",
        'GRANT SELECT, SHOW VIEW, LOCK TABLES ON `shop`.* TO `backup`@`%`',
        'GRANT SELECT (`a`, `b (c)`), INSERT ON `shop`.`items` TO `backup`@`%`',
        'GRANT SELECT ON `mysql`.`proc` TO `backup`@`%`',
        'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `backup`@`%`',
        'GRANT `reader`@`%` TO `backup`@`%`',
      ],
      'shop',
    );
    assert.deepEqual([...rights.everywhere], ['USAGE', 'SHOW_ROUTINE']);
    assert.deepEqual([...rights.inDatabase], ['SELECT', 'SHOW VIEW', 'LOCK TABLES']);
    assert.deepEqual([...(rights.onTables.get('shop.items') ?? [])], ['INSERT']);
    assert.deepEqual([...(rights.onTables.get('mysql.proc') ?? [])], ['SELECT']);
    assert.ok(mayInDatabase(rights, 'SHOW VIEW') && !mayInDatabase(rights, 'TRIGGER'));
    assert.ok(mayEverywhere(rights, 'SHOW_ROUTINE') && !mayEverywhere(rights, 'SUPER'));
  });

  it('go with a database whose name fits the pattern of the grant, and with no other', () => {
    const holds = (pattern: string, name: string): boolean =>
      mayInDatabase(parseGrants([`GRANT ALL PRIVILEGES ON \`${pattern}\`.* TO \`u\`@\`%\``], name), 'EVENT');
    assert.ok(
      holds('shop_1', 'shop_1') && holds('shop_1', 'shopx1') && holds('shop\\_1', 'shop_1') && !holds('shop\\_1', 'shopx1'),
    );
    assert.ok(holds('shop%', 'shop.*+ (1)') && !holds('shop', 'shops') && holds('a``b.c', 'a`b.c') && !holds('a.c', 'abc'));
  });

  it('of all kinds on everything are those of an administrator; on a database they are not', () => {
    assert.ok(mayEverywhere(parseGrants(['GRANT ALL PRIVILEGES ON *.* TO `root`@`%`'], 'shop'), 'SUPER'));
    assert.ok(!mayEverywhere(parseGrants(['GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`'], 'shop'), 'SUPER'));
  });
});

describe('the words of the MySQL tools', () => {
  it('are those that the flavour and the version know', () => {
    assert.deepEqual(flavourArgs({ flavour: 'mariadb', version: '11.4.2' }), []);
    assert.deepEqual(flavourArgs({ flavour: undefined, version: '' }), []);
    assert.deepEqual(flavourArgs({ flavour: 'mysql', version: '8.4.0' }), ['--set-gtid-purged=OFF', '--column-statistics=0']);
    assert.deepEqual(flavourArgs({ flavour: 'mysql', version: '5.7.44' }), ['--set-gtid-purged=OFF']);
    const knows = ['10.5.24', '10.5.25', '10.11.7', '10.11.19', '10.6.18', '11.4.1', '11.4.2', '11.8.3', '10.4.34'];
    assert.deepEqual(
      knows.map((version) => knowsSandbox({ flavour: 'mariadb', version })),
      [false, true, false, true, true, false, true, true, false],
    );
    assert.ok(!knowsSandbox({ flavour: 'mysql', version: '12.0.0' }));
  });

  it('hold the history of tables where tool and server can', () => {
    const server = (serverVersion: string): Parameters<typeof canDumpHistory>[1] => ({
      serverVersion,
      flavour: 'mariadb',
      major: 10,
      account: '',
      variables: new Map(),
      tables: [],
      objects: new Map(),
      contents: { tables: [], objects: {} },
      sizeBytes: 0,
      openSessions: 0,
    });
    const can = (tool: string, of: string): boolean => canDumpHistory({ flavour: 'mariadb', version: tool }, server(of));
    assert.deepEqual([can('10.11.19', '10.11.2'), can('10.6.18', '10.11.2'), can('11.4.2', '10.6.18')], [true, false, false]);
  });
});
