import { before, describe } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import { mariadbServer, type MariadbServer } from '../helpers/mariadbServer.ts';
import { describeConnector } from './contract.ts';
import { largeSql, sampleSql, spoilSql } from './mysqlSamples.ts';

describe('MariaDB', () => {
  let server: MariadbServer;
  before(async function () {
    server = await mariadbServer(this);
  });

  let absent = 0;
  const make = async (sql: string): Promise<Database> => {
    const name = await server.createDatabase();
    if (sql !== '') await server.script(sql, name);
    return server.resolved(name);
  };
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);

  describeConnector({
    connector: 'MysqlDumpConnector',
    sample: () => make(sampleSql),
    large: () => make(largeSql),
    absent: () => server.resolved(`absent ${process.pid} ${absent++}`),
    empty: () => make(''),
    spoil: (database) => server.script(spoilSql, nameOf(database)),
    contentHash: (database) => server.hashOf(nameOf(database)),
    watch: (database) => server.watch('SELECT * FROM orders ORDER BY id', nameOf(database)),
    exclude: { table: 'fast', effect: 'left out' },
  });
});
