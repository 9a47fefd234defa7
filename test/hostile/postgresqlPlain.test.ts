import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import { makeBench, removeBench, type Bench } from '../connectors/contract.ts';
import { postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';

const connector = 'PgDumpConnector';

/** Lines that would run `touch MARK`, or end the transaction, if psql or the server got its way. */
const attacks: Readonly<Record<string, string>> = {
  'a shell command': '\\! touch MARK',
  'a shell command after SQL': 'SELECT 1 \\! touch MARK',
  'a pipe of output': '\\o |touch MARK',
  'a copy through a program': "\\copy customers to program 'touch MARK'",
  'a query into a program': 'SELECT 1 \\g |touch MARK',
  'an included file': '\\i /etc/passwd',
  'a variable of backquotes': '\\set x `touch MARK`',
  'an unrestriction with backquotes': '\\unrestrict `touch MARK`',
  'a restriction with backquotes': '\\restrict `touch MARK`',
  'an unrestriction behind SQL': 'SELECT 1; \\unrestrict `touch MARK`',
  'a guessed unrestriction': '\\unrestrict abc\n\\! touch MARK',
  'the dump’s own unrestriction': '\\unrestrict TOKEN\n\\! touch MARK',
  'a second restriction': '\\restrict abc\n\\unrestrict abc\n\\! touch MARK',
  'a connection elsewhere': '\\connect postgres',
  'an editor': '\\e',
  'a watch': 'SELECT 1 \\watch 1',
  'a meta-command in a statement': 'SELECT \\! touch MARK\n1;',
  'a conditional': '\\if true\n\\! touch MARK\n\\endif',
  'its own COMMIT': 'COMMIT;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
  'a COMMIT in capitals and comments': '/* x */ CoMmIt /* y */ ;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
  'a ROLLBACK': 'ROLLBACK;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
  'an END': 'SELECT 1; END;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
  'a COMMIT behind a string': "SELECT 'it''s'; COMMIT;\nDROP TABLE customers CASCADE;\nSELECT 1/0;",
  'a COMMIT behind a dollar string': 'SELECT $a$;$b$;$a$; COMMIT;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
  'a transaction in a large-object section':
    '--\n-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -\n--\n\nCOMMIT AND CHAIN;\nDROP TABLE customers CASCADE;\nSELECT 1/0;',
};

describe('hostile plain dumps of PostgreSQL', () => {
  let server: PostgresqlServer;
  let bench: Bench;
  let target: Database;
  let good: string;
  before(async () => void (server = await postgresqlServer()));
  beforeEach(async () => {
    bench = await makeBench();
    target = server.resolved(
      connector,
      await server.createDatabase("CREATE TABLE customers (a text); INSERT INTO customers VALUES ('x')"),
    );
    good = readFileSync((await bench.dump(connector, target)).file, 'latin1');
  });
  afterEach(() => removeBench(bench));

  for (const [name, lines] of Object.entries(attacks)) {
    it(`run nothing and change nothing: ${name}`, async () => {
      const database = String(target.keys['NAME']);
      await server.query(database, "UPDATE customers SET a = 'now'");
      const before = server.hashOf(database);
      const mark = join(bench.folder, 'ran');
      const token = /\\restrict (\w+)/.exec(good)?.[1] ?? '';
      const end = '--\n-- PostgreSQL database dump complete';
      const text = good.replace(end, () => `${lines.replaceAll('MARK', mark).replaceAll('TOKEN', token)}\n\n${end}`);
      const file = join(bench.dumps, 'hostile');
      writeFileSync(file, text, 'latin1');
      await assert.rejects(bench.restore(connector, target, file));
      assert.ok(!existsSync(mark), 'a program ran');
      assert.equal(server.hashOf(database), before);
    });
  }
});
