import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { connectorFor } from '../../src/connectors/registry.ts';
import type { PreparedRestore } from '../../src/core/connector.ts';
import type { Database } from '../../src/core/database.ts';
import type { Run } from '../../src/core/run.ts';
import { canary, mariadbServer, quoted, type MariadbServer } from '../helpers/mariadbServer.ts';
import { makeRecordingTool, type RecordedCall } from '../helpers/recordingTool.ts';
import { recordingRun } from '../helpers/workspace.ts';
import { makeBench, rejectsWith, removeBench, type Bench } from './contract.ts';

const mysql = 'MysqlDumpConnector';
const shop = `CREATE TABLE items (id INT PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'a'), (2, 'b');`;
const mariadbVersion = 'x  Ver 15.1 Distrib 10.11.19-MariaDB';
const dumpWords =
  '--quick --single-transaction --routines --events --triggers --hex-blob --no-tablespaces --max-allowed-packet=1G --default-character-set=utf8mb4'.split(
    ' ',
  );

describe('defects of others with MySQL', () => {
  let server: MariadbServer;
  let bench: Bench;
  before(async function () {
    server = await mariadbServer(this);
  });
  beforeEach(async () => void (bench = await makeBench()));
  afterEach(() => removeBench(bench));

  const database = async (sql = shop, keys = {}): Promise<Database> => {
    const name = await server.createDatabase();
    if (sql !== '') await server.script(sql, name);
    return server.resolved(name, keys);
  };
  const nameOf = ({ keys }: Database): string => String(keys['NAME']);
  const withKeys = (base: Database, keys: object): Database => ({ ...base, keys: { ...base.keys, ...keys } });
  const hashOf = (of: Database): Promise<string> => server.hashOf(nameOf(of));
  const names = async (of: Database): Promise<unknown[]> =>
    (await server.query('SELECT name FROM items ORDER BY id', nameOf(of))).map((row) => row['name']);
  /** The same database as an account that has these grants on it. */
  const asUser = async (of: Database, user: string, ...grants: string[]): Promise<Database> => {
    await server.createUser(user, ...grants.map((grant) => grant.replace('NAME', quoted(nameOf(of)))));
    return withKeys(of, { USER: user });
  };
  const changed = (file: string, change: (text: string) => string): string => {
    const copy = `${file}-changed`;
    writeFileSync(copy, change(readFileSync(file, 'latin1')), 'latin1');
    return copy;
  };

  async function prepare(
    of: Database,
    file: string,
    run: Run = recordingRun(false),
    origin: 'here' | 'foreign' = 'here',
  ): Promise<PreparedRestore> {
    const connector = await connectorFor(mysql);
    const inspection = await connector.inspect(of, bench, run);
    const { size: sizeBytes } = statSync(file);
    return connector.prepareRestore(of, { path: file, sizeBytes, format: 'mysql-sql', origin }, inspection, bench, run);
  }

  interface Calls {
    readonly dump: RecordedCall;
    readonly restore: RecordedCall;
    /** Texts of the option files, the dump's first. */
    readonly options: readonly string[];
    readonly file: string;
  }

  /** How the tools of both phases are called; nothing is really restored. Names that change from run to run are replaced. */
  async function callsOf(keys: object, version = mariadbVersion): Promise<Calls> {
    const real = await database();
    const { file } = await bench.dump(mysql, real);
    const options = join(bench.tools, 'options');
    const keep = `const given = argv[0].replace('--defaults-file=', '');
      fs.appendFileSync(${JSON.stringify(options)}, fs.readFileSync(given) + '\\0' + (fs.statSync(given).mode & 0o777).toString(8) + '\\0');`;
    const output = `process.stdout.write(fs.readFileSync(${JSON.stringify(file)}))`;
    const dumper = makeRecordingTool(join(bench.tools, 'dumper'), { version, script: `${keep} ${output}` });
    const client = makeRecordingTool(join(bench.tools, 'client'), { version, script: keep });
    const faked = withKeys(real, { DUMP_CMD: [dumper.path, '--word'], RESTORE_CMD: [client.path, '--word'], ...keys });
    await bench.dump(mysql, faked);
    await (await prepare(faked, file)).apply(recordingRun());
    const shown = (call: RecordedCall | undefined): RecordedCall => {
      assert.ok(call !== undefined);
      const plain = (word: string): string =>
        word
          .replace(bench.scratch, 'SCRATCH')
          .replace(/secret-\w+/, 'F')
          .replace(/dbbackup-\w+/, 'TOKEN')
          .replace(nameOf(real), 'NAME');
      return { ...call, argv: call.argv.map(plain) };
    };
    return {
      dump: shown(dumper.calls().at(-1)),
      restore: shown(client.calls().at(-1)),
      options: readFileSync(options, 'utf8').replaceAll(nameOf(real), 'NAME').split('\0'),
      file,
    };
  }

  it('M1 gives the password to the tools in a private option file that comes first, and nowhere else', async () => {
    const { dump, restore, options, file } = await callsOf({
      EXCLUDE: ['items'],
      DUMP_SUFFIX: '--more "a b"',
      RESTORE_SUFFIX: '--last',
    });
    assert.deepEqual(dump.argv, ['--defaults-file=SCRATCH/F', '--word', ...dumpWords, '--more', 'a b', '--', 'NAME']);
    assert.deepEqual(restore.argv, [
      '--defaults-file=SCRATCH/F',
      '--word',
      '--binary-mode',
      '--comments',
      '--local-infile=0',
      '--default-character-set=utf8mb4',
      '--max-allowed-packet=1G',
      "--init-command=SET SESSION lock_wait_timeout=60, @dbbackup=GET_LOCK('TOKEN', 0)",
      '--database=NAME',
      '--last',
    ]);
    assert.equal(restore.stdin, readFileSync(file, 'latin1'));
    assert.equal(dump.stdin, '');
    const [first = '', firstMode, second = '', secondMode] = options;
    const connection = `[client]\nhost="127.0.0.1"\nport=${server.port}\nprotocol=tcp\nuser="admin"\npassword="${canary.replaceAll(/[\\"]/g, '\\$&')}"\n`;
    assert.deepEqual([first, firstMode], [`${connection}[mysqldump]\nignore-table="NAME.items"\n`, '600']);
    assert.deepEqual([second, secondMode], [connection, '600']);
    for (const { argv, env } of [dump, restore]) {
      assert.ok(!JSON.stringify([argv, env]).includes('c4n4ry'));
      assert.equal(env['MYSQL_TEST_LOGIN_FILE'], '/dev/null');
    }
    assert.deepEqual(readdirSync(bench.scratch), []);
    assert.ok(!bench.log.join('\n').includes('c4n4ry'));
  });

  it('M2 dumps routines and events, of one moment', async () => {
    const target = await database(
      `${shop} CREATE PROCEDURE p() SELECT 1; CREATE FUNCTION f() RETURNS INT RETURN 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM items WHERE id < 0;`,
    );
    const before = await hashOf(target);
    const { file, facts } = await bench.dump(mysql, target);
    assert.deepEqual(facts.contents.objects, { event: 1, function: 1, procedure: 1 });
    await server.script('DROP PROCEDURE p; DROP FUNCTION f; DROP EVENT e; DELETE FROM items', nameOf(target));
    await bench.restore(mysql, target, file);
    assert.equal(await hashOf(target), before);
    const loose = await database(`${shop} CREATE TABLE loose (a INT) ENGINE=MyISAM`);
    assert.match((await bench.dump(mysql, loose)).facts.warnings.join(), /not of the same moment.*loose/);
  });

  it('M3 takes a HOST that begins with / for a socket', async () => {
    const target = await database(shop, { HOST: server.socket, PORT: 1 });
    const { file } = await bench.dump(mysql, target);
    await server.query('DELETE FROM items', nameOf(target));
    await bench.restore(mysql, target, file);
    assert.deepEqual(await names(target), ['a', 'b']);
  });

  it('M4 and M5 refuse a dump that is cut, at a statement too, before the first statement', async () => {
    const target = await database(`${shop} CREATE TABLE orders (a INT); INSERT INTO orders VALUES (1)`);
    const { file } = await bench.dump(mysql, target);
    await server.query("UPDATE items SET name = 'live'", nameOf(target));
    const before = await hashOf(target);
    const cuts = [
      (text: string) => text.slice(0, text.length / 2),
      (text: string) => text.slice(0, text.indexOf('-- Table structure for table `orders`')),
    ];
    for (const cut of cuts) {
      for (const origin of ['here', 'foreign'] as const)
        await rejectsWith(prepare(target, changed(file, cut), recordingRun(), origin), 'dumps.truncated');
    }
    await rejectsWith(
      prepare(
        target,
        changed(file, (text) => text.replace('VALUES', 'VAL\0UES')),
      ),
      'dumps.damaged',
    );
    assert.equal(await hashOf(target), before);
  });

  it('M7 fails on a view that is broken, and goes on without it when it is excluded', async () => {
    const target = await database(
      `${shop} CREATE TABLE gone (a INT); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;`,
    );
    await rejectsWith(bench.dump(mysql, target), 'dump.refused');
    const { facts } = await bench.dump(mysql, withKeys(target, { EXCLUDE: ['broken'] }));
    assert.deepEqual([facts.contents.tables, facts.contents.objects], [[{ name: 'items' }], {}]);
  });

  it('M8 gives no flavour the other one’s options, and takes no tool of the other flavour', async () => {
    const { dump, restore } = await callsOf({});
    assert.ok(![...dump.argv, ...restore.argv].some((word) => /gtid|statistics/.test(word)));
    const oracle = makeRecordingTool(join(bench.tools, 'mysqldump'), {
      version: 'mysqldump  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)',
    });
    await rejectsWith(bench.dump(mysql, await database(shop, { DUMP_CMD: [oracle.path] })), 'tool.wrongFlavour');
    assert.deepEqual(oracle.calls(), []);
  });

  it('M8 takes the first line of newer dumps away from a client that would stop at it', async () => {
    const { restore, file } = await callsOf({});
    const text = readFileSync(file, 'latin1');
    assert.ok(text.startsWith('/*M!999999'));
    assert.equal(restore.stdin, text);
    const older = await callsOf({}, 'x  Ver 15.1 Distrib 10.11.7-MariaDB');
    const whole = readFileSync(older.file, 'latin1');
    assert.equal(older.restore.stdin, whole.slice(whole.indexOf('\n') + 1));
  });

  it('M9 keeps comments in triggers and events', async () => {
    const target = await database(`${shop}
      CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW BEGIN /* c; */ SET NEW.name = 'x'; -- d;
      END; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO /* c */ BEGIN # e
      DELETE FROM items WHERE id < 0; END;`);
    const before = await hashOf(target);
    const { file } = await bench.dump(mysql, target);
    await bench.restore(mysql, target, file);
    assert.equal(await hashOf(target), before);
  });

  it('M10 names the grant that a whole dump lacks, and says in the dump what it lacks when that is accepted', async () => {
    const full = await database(
      `${shop} CREATE VIEW v AS SELECT 1 AS a; CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.id = NEW.id; CREATE PROCEDURE p() SELECT 1;
       CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM items WHERE id < 0;`,
    );
    const all = ['GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON NAME.* TO @', 'GRANT SELECT ON mysql.proc TO @'];
    const lacking = {
      'SELECT ON mysql.proc': [all[0] ?? ''],
      EVENT: ['GRANT SELECT, SHOW VIEW, TRIGGER ON NAME.* TO @', all[1] ?? ''],
      TRIGGER: ['GRANT SELECT, SHOW VIEW, EVENT ON NAME.* TO @', all[1] ?? ''],
      'SHOW VIEW': ['GRANT SELECT, TRIGGER, EVENT ON NAME.* TO @', all[1] ?? ''],
    };
    for (const [grant, grants] of Object.entries(lacking)) {
      const target = await asUser(full, 'reader', ...grants);
      await assert.rejects(bench.dump(mysql, target), (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error && 'hint' in error);
        assert.equal(error.code, 'connection.denied');
        assert.ok(error.message.includes(grant) && String(error.hint).startsWith(`GRANT ${grant}`), String(error.hint));
        return true;
      });
      const { facts, file } = await bench.dump(mysql, target, recordingRun());
      assert.ok(facts.warnings.some((warning) => warning.includes(grant)));
      assert.deepEqual(Object.keys(facts.contents.objects).length, 3);
      await bench.verify(file);
    }
    await rejectsWith(
      bench.dump(mysql, await asUser(full, 'reader', 'GRANT SELECT ON NAME.items TO @'), recordingRun()),
      'connection.denied',
    );
    assert.deepEqual((await bench.dump(mysql, await asUser(full, 'reader', ...all))).facts.warnings, []);
  });

  it('M10 lets an owner of one database dump it whole, who defined its routines', async () => {
    const target = await asUser(await database(), 'owner', 'GRANT ALL ON NAME.* TO @');
    await server.script("CREATE DEFINER='owner'@'%' PROCEDURE own() SELECT 1", nameOf(target));
    const { facts } = await bench.dump(mysql, target);
    assert.deepEqual([facts.contents.objects, facts.warnings], [{ procedure: 1 }, []]);
    await server.script('CREATE PROCEDURE theirs() SELECT 1', nameOf(target));
    await rejectsWith(bench.dump(mysql, target), 'connection.denied');
  });

  it('M10 counts the rights that a role gives', async () => {
    const base = await database();
    await server.script(
      `CREATE OR REPLACE ROLE dumper; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${quoted(nameOf(base))}.* TO dumper; GRANT SELECT ON mysql.proc TO dumper`,
      'mysql',
    );
    const target = await asUser(base, 'holder', 'GRANT dumper TO @', 'GRANT USAGE ON *.* TO @');
    await server.query("SET DEFAULT ROLE dumper FOR 'holder'@'%'");
    assert.deepEqual((await bench.dump(mysql, target)).facts.warnings, []);
  });

  it('M11 asks before the first statement when a definer is not there or not me, and can make it me', async () => {
    const target = await database(
      `${shop} CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW SET NEW.name = 'DEFINER=\`admin\`@\`%\`';`,
    );
    const { file } = await bench.dump(mysql, target);
    const gone = changed(file, (text) =>
      text
        .replaceAll('DEFINER=`admin`@`%` TRIGGER', 'DEFINER=`gone`@`%` TRIGGER')
        .replaceAll('DEFINER=`admin`@`%`*/', 'DEFINER=`gone`@`%`*/'),
    );
    const before = await hashOf(target);
    await rejectsWith(prepare(target, gone), 'restore.refused');
    const plain = await asUser(target, 'plain', 'GRANT ALL ON NAME.* TO @');
    await rejectsWith(prepare(plain, file), 'restore.refused');
    assert.equal(await hashOf(target), before);
    await (await prepare(plain, file, recordingRun())).apply(recordingRun());
    await server.query("INSERT INTO items VALUES (3, '')", nameOf(target));
    assert.deepEqual((await names(target)).at(-1), 'DEFINER=`admin`@`%`');
    const [trigger] = await server.query(
      'SELECT definer AS d FROM information_schema.triggers WHERE trigger_schema = DATABASE()',
      nameOf(target),
    );
    assert.equal(trigger?.['d'], 'plain@%');
  });

  it('M12 warns of a row that the server would not take back, and refuses to restore it, with the number to set', async () => {
    const target = await database(
      'CREATE TABLE files (id INT PRIMARY KEY, bytes LONGBLOB); INSERT INTO files VALUES (1, REPEAT(UNHEX(0), 9000000))',
    );
    await server.query('SET GLOBAL max_allowed_packet = 16777216');
    const { file, facts } = await bench.dump(mysql, target);
    assert.match(facts.warnings.join(), /SET GLOBAL max_allowed_packet = 18874368;/);
    await rejectsWith(prepare(target, file), 'restore.refused');
    await rejectsWith(bench.safetyDump(mysql, target), 'restore.refused');
    await server.query('SET GLOBAL max_allowed_packet = 18874368');
    try {
      const before = await hashOf(target);
      await (await prepare(target, file)).apply(recordingRun());
      assert.equal(await hashOf(target), before);
    } finally {
      await server.query('SET GLOBAL max_allowed_packet = 16777216');
    }
  });

  it('M13 leaves out exactly the tables under EXCLUDE, whatever their names, and says which match nothing', async () => {
    const odd = ['with "quotes"', "it's", '# no comment', 'back\\slash', 'semi;colon', 'tick`tick', 'ünï', '--dash', ' space'];
    const target = await database(odd.map((name) => `CREATE TABLE ${quoted(name)} (a INT);`).join('') + shop);
    const many = Array.from({ length: 20_000 }, (_, index) => `table ${index}`);
    const { facts } = await bench.dump(mysql, withKeys(target, { EXCLUDE: [...odd, ...many] }));
    assert.deepEqual(facts.contents.tables, [{ name: 'items' }]);
    assert.match(facts.warnings.join(), /matches no table: table 0, table 1, table 2 and 19,997 more/);
    assert.equal((await bench.dump(mysql, target)).facts.contents.tables.length, odd.length + 1);
  });

  it('X1 and X2: runs further stages of a dump, keeps what a tool said on the side, and says who compresses', async () => {
    const target = await database(shop, { DUMP_SUFFIX: `| sed "s/'a'/'A'/"` });
    const { file } = await bench.dump(mysql, target);
    await bench.restore(mysql, target, file);
    assert.deepEqual(await names(target), ['A', 'b']);
    const script = `const done = require('node:child_process').spawnSync('mariadb-dump', argv, { stdio: ['ignore', 'inherit', 'inherit'] });
      console.error('-- Warning: careful'); process.exitCode = done.status`;
    const tool = makeRecordingTool(join(bench.tools, 'dumper'), { version: mariadbVersion, script });
    assert.deepEqual((await bench.dump(mysql, withKeys(target, { DUMP_CMD: [tool.path] }))).facts.warnings, [
      '-- Warning: careful',
    ]);
    await rejectsWith(bench.dump(mysql, withKeys(target, { DUMP_SUFFIX: '| gzip' })), 'dump.refused');
  });

  it('says which views of a dump would need a table that is left out', async () => {
    const target = await database(`${shop} CREATE VIEW v AS SELECT name FROM items`, { EXCLUDE: ['items'] });
    await rejectsWith(bench.dump(mysql, target), 'dump.refused');
    assert.match((await bench.dump(mysql, target, recordingRun())).facts.warnings.join(), /Views.*v/);
  });

  it('keeps the history of system-versioned tables, and says which FLOAT columns lose digits', async () => {
    const target = await database(
      'CREATE TABLE versioned (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1, 1); UPDATE versioned SET a = 2; CREATE TABLE f (a FLOAT)',
    );
    const history = (): Promise<unknown> =>
      server.query(
        'SELECT id, a, CAST(ROW_START AS CHAR) s, CAST(ROW_END AS CHAR) e FROM versioned FOR SYSTEM_TIME ALL ORDER BY 3',
        nameOf(target),
      );
    const before = await history();
    const { file, facts } = await bench.dump(mysql, target);
    assert.deepEqual(facts.warnings, ['FLOAT columns are dumped with six digits: f.']);
    await server.query('UPDATE versioned SET a = 3', nameOf(target));
    await bench.restore(mysql, target, file);
    assert.deepEqual(await history(), before);
  });

  it('takes NAME, USER and PASSWORD for nothing but names, whatever is in them', async () => {
    const odd = ['--help', 'sp ace \'q\' "d"', 'a@b:c/d?e#f%g', 'ünï ｆｕｌｌ', '`tick`', '-p', 'back\\slash', 'x;DROP TABLE y'];
    for (const name of odd) {
      const user = `${name} u`;
      await server.createDatabase(name);
      await server.script(shop, name);
      const pattern = quoted(name.replaceAll(/[_%\\]/g, '\\$&'));
      await server.createUser(user, `GRANT ALL ON ${pattern}.* TO @`, 'GRANT SELECT ON mysql.proc TO @');
      const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
      await server.query(`SET PASSWORD FOR ${text(user)}@'%' = PASSWORD(${text(name)})`);
      const target = server.resolved(name, { USER: user, PASSWORD: name });
      const { file } = await bench.dump(mysql, target);
      await server.query('DELETE FROM items', name);
      await bench.restore(mysql, target, file);
      assert.deepEqual(await names(target), ['a', 'b'], name);
    }
  });

  it('dumps a database whose name holds a quote without its events only when that is accepted', async () => {
    const name = await server.createDatabase('quo"te');
    await server.script(
      `${shop} CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM items WHERE id < 0; CREATE PROCEDURE p() SELECT 1;`,
      name,
    );
    await rejectsWith(bench.dump(mysql, server.resolved(name)), 'dump.refused');
    const { facts } = await bench.dump(mysql, server.resolved(name), recordingRun());
    assert.deepEqual(facts.contents.objects, { procedure: 1 });
  });

  it('refuses what would stop a restore half way: a read-only server, missing rights, a table where the dump has a view', async () => {
    const target = await database(
      `${shop} CREATE VIEW v AS SELECT 1 AS a; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO DELETE FROM items WHERE id < 0;`,
    );
    const { file } = await bench.dump(mysql, target);
    const weak = await asUser(
      target,
      'weak',
      'GRANT SELECT, INSERT, CREATE, DROP, ALTER, LOCK TABLES, CREATE VIEW ON NAME.* TO @',
    );
    await rejectsWith(prepare(weak, file), 'connection.denied');
    await server.script('DROP VIEW v; CREATE TABLE v (a INT)', nameOf(target));
    await rejectsWith(prepare(target, file), 'restore.refused');
    const strong = await asUser(await database(), 'strong', 'GRANT ALL ON NAME.* TO @');
    await server.query('SET GLOBAL read_only = 1');
    try {
      await rejectsWith(prepare(strong, file), 'restore.refused');
    } finally {
      await server.query('SET GLOBAL read_only = 0');
    }
  });
});
