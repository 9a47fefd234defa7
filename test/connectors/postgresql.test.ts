import { before, describe } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import { describeConnector } from './contract.ts';
import { archiveSql, largeSql, sampleSql, spoilSql } from './postgresqlSamples.ts';

describe('PostgreSQL', () => {
  let server: PostgresqlServer;
  before(async () => void (server = await postgresqlServer()));

  let absent = 0;
  for (const [connector, sql] of [
    ['PgDumpBinaryConnector', archiveSql],
    ['PgDumpConnector', sampleSql],
    [
      'PgDumpGisConnector',
      `CREATE EXTENSION postgis; ${sampleSql} CREATE TABLE places (at geometry); INSERT INTO places VALUES ('POINT(1 2)');`,
    ],
  ] as const) {
    const make = async (text: string): Promise<Database> => server.resolved(connector, await server.createDatabase(text));
    describeConnector({
      connector,
      sample: () => make(sql),
      large: () => make(largeSql),
      absent: () => server.resolved(connector, `absent ${absent++}`),
      empty: () => make(''),
      spoil: async ({ keys }) => void (await server.query(String(keys['NAME']), spoilSql)),
      contentHash: ({ keys }) => Promise.resolve(server.hashOf(String(keys['NAME']))),
      watch: async ({ keys }) => {
        const client = await server.connect(String(keys['NAME']));
        return {
          hash: async () =>
            JSON.stringify((await client.query('SELECT md5(string_agg(o::text, $1 ORDER BY id)) FROM orders o', [','])).rows),
          stop: () => client.end(),
        };
      },
      exclude: { table: 'fast', effect: 'rows left out' },
    });
  }
});
