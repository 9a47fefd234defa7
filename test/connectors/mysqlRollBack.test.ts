import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Database } from '../../src/core/database.ts';
import type { Run } from '../../src/core/run.ts';
import { perform } from '../../src/perform.ts';
import { mariadbServer, quoted, type MariadbServer } from '../helpers/mariadbServer.ts';
import { makeWorkspace, recordingRun, type TestWorkspace } from '../helpers/workspace.ts';
import { rejectsWith } from './contract.ts';
import { largeSql, sampleSql, spoilSql } from './mysqlSamples.ts';

/** Beside other rows, a live database may lack objects of the dump, and have some of its own. */
const liveSql = `${spoilSql} DROP VIEW a_view; DROP PROCEDURE clean_up; DROP TRIGGER orders_ad; DROP SEQUENCE numbers; DROP TABLE parted;
  CREATE VIEW own_view AS SELECT a FROM later; CREATE FUNCTION own() RETURNS INT RETURN 2; CREATE EVENT own ON SCHEDULE EVERY 1 YEAR DO DELETE FROM later;`;

describe('a restore of MySQL that does not reach its end, and one that is undone', () => {
  let server: MariadbServer;
  let workspace: TestWorkspace;
  let database: Database;
  let dump: string;
  before(async function () {
    server = await mariadbServer(this);
  });
  beforeEach(async () => {
    workspace = makeWorkspace();
    const name = await server.createDatabase();
    await server.script(sampleSql, name);
    database = { ...server.resolved(name), folder: workspace.folder };
    dump = await backup();
    await server.script(liveSql, name);
  });
  afterEach(() => workspace.remove());

  const nameOf = (): string => String(database.keys['NAME']);
  const hash = (): Promise<string> => server.hashOf(nameOf());

  async function backup(): Promise<string> {
    const { dumps, stateDirectory } = workspace;
    const made = await perform({ kind: 'backup', database, dumps, stateDirectory }, recordingRun());
    assert.ok(made.kind === 'backup');
    return made.file;
  }

  async function restore(file: string, run: Run = recordingRun()): Promise<string> {
    const { dumps, stateDirectory } = workspace;
    const done = await perform({ kind: 'restore', database, dump: file, dumps, stateDirectory }, run);
    assert.ok(done.kind === 'restore' && done.safetyFile !== undefined);
    return done.safetyFile;
  }

  /** A dump from elsewhere whose last statement fails. */
  const failing = (): string => {
    const file = join(workspace.dumps.directory, 'failing.sql');
    const text = readFileSync(dump, 'latin1').replace(
      '-- Dump completed',
      () => 'INSERT INTO `fast` VALUES (1, 2, 3);\n-- Dump completed',
    );
    writeFileSync(file, text, 'latin1');
    return file;
  };

  it('is rolled back to the very state before, without what it has made', async () => {
    const before = await hash();
    const run = recordingRun();
    await rejectsWith(restore(failing(), run), 'restore.rolledBack');
    assert.deepEqual(
      run.questions.map(({ kind }) => kind),
      ['confirmRestore', 'rollBack'],
    );
    assert.equal(await hash(), before);
  });

  it('is left as it is when that is wanted, and rolled back by hand', async () => {
    const before = await hash();
    const run = { ...recordingRun(), ask: ({ kind }: { kind: string }) => Promise.resolve(kind !== 'rollBack') };
    await rejectsWith(restore(failing(), run), 'restore.mixed');
    assert.notEqual(await hash(), before);
    const [safety = ''] = readdirSync(workspace.dumps.directory).filter((name) => /^safety.*dump$/.test(name));
    await restore(join(workspace.dumps.directory, safety));
    assert.equal(await hash(), before);
  });

  it('is rolled back when it is cancelled while the client works, and stays cancelled', async () => {
    const name = await server.createDatabase();
    await server.script(largeSql, name);
    const large = { ...server.resolved(name), folder: workspace.folder };
    const { dumps, stateDirectory } = workspace;
    const made = await perform({ kind: 'backup', database: large, dumps, stateDirectory }, recordingRun());
    assert.ok(made.kind === 'backup');
    await server.script("UPDATE big_a SET name = 'live' WHERE id < 100; DROP TABLE big_b", name);
    const before = await server.hashOf(name);
    const controller = new AbortController();
    const reason = new DOMException('cancelled', 'AbortError');
    const run = {
      ...recordingRun(),
      signal: controller.signal,
      progress: ({ phase, doneBytes = 0 }: { phase: string; doneBytes?: number | undefined }) => {
        if (phase === 'restoring' && doneBytes > 0) controller.abort(reason);
      },
    };
    await assert.rejects(
      perform({ kind: 'restore', database: large, dump: made.file, dumps, stateDirectory }, run),
      (error) => error === reason,
    );
    assert.equal(await server.hashOf(name), before);
  });

  it('is undone by its safety dump to the very state before, and done again by that one’s', async () => {
    const live = await hash();
    const first = await restore(dump);
    const restored = await hash();
    const run = recordingRun();
    const second = await restore(first, run);
    assert.equal(await hash(), live);
    const [question] = run.questions;
    assert.ok(question?.kind === 'confirmRestore');
    assert.deepEqual(
      question.preview.removed.map(({ name }) => name),
      ['parted'],
    );
    await restore(second);
    assert.equal(await hash(), restored);
  });

  it('is possible with a broken view in the way, whose definition the safety dump keeps', async () => {
    await server.script('CREATE VIEW broken AS SELECT a FROM later; RENAME TABLE later TO latest', nameOf());
    const safety = await restore(dump);
    assert.match(readFileSync(`${safety}.json`, 'utf8'), /view broken is broken.*CREATE .*`broken`/);
    await restore(safety);
    const [view] = await server.query('SHOW CREATE VIEW broken', nameOf());
    assert.match(String(view?.['Create View']), /broken/);
  });

  it('is rolled back without dropping what its user could not dump', async () => {
    await server.script('CREATE PROCEDURE theirs() SELECT 1', nameOf());
    await server.createUser('owner2', `GRANT ALL ON ${quoted(nameOf())}.* TO @`);
    const asOwner = { ...database, keys: { ...database.keys, USER: 'owner2' } };
    const { dumps, stateDirectory } = workspace;
    const run = recordingRun();
    const failed = perform({ kind: 'restore', database: asOwner, dump: failing(), dumps, stateDirectory }, run);
    await rejectsWith(failed, 'restore.rolledBack');
    assert.ok(run.questions.some((question) => question.kind === 'proceed' && /SELECT ON mysql.proc/.test(question.detail)));
    await server.script('CALL theirs(); SELECT double_it(1);', nameOf());
  });

  it('keeps what the dump does not have, and says so, when the dump is no safety dump', async () => {
    const run = recordingRun();
    await restore(dump, run);
    const [question] = run.questions;
    assert.ok(question?.kind === 'confirmRestore');
    assert.deepEqual(
      [question.preview.kept, question.preview.removed].map((tables) => tables.map(({ name }) => name)),
      [['later'], []],
    );
    assert.equal((await server.query('SELECT a FROM own_view', nameOf())).length, 1);
  });
});
