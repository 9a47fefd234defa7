import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { composeText, makeContainerClient, postgresqlInside } from '../helpers/containerClient.ts';
import { bin, canary, postgresqlServer, type PostgresqlServer } from '../helpers/postgresqlServer.ts';
import type { RecordingTool } from '../helpers/recordingTool.ts';
import { act, addServer, openWorkspace, pictureOfFailure, writeDatabases, type OpenedWorkspace } from './shopWindow.ts';

/** Nothing on this machine fits. */
const tools = { pg_dump: '/nonexistent/pg_dump', pg_restore: '/nonexistent/pg_restore', psql: '/nonexistent/psql' };

describe('a tool in a container of the workspace', function () {
  this.timeout(120_000);
  let server: PostgresqlServer;
  let name: string;
  let path: string;
  let docker: RecordingTool;
  let opened: OpenedWorkspace;
  afterEach(pictureOfFailure(() => opened.window));

  before(async () => {
    server = await postgresqlServer();
    name = await server.createDatabase('CREATE TABLE orders (id integer); INSERT INTO orders SELECT generate_series(1, 2000)');
    path = mkdtempSync(join(tmpdir(), 'dbbackup-docker-'));
    docker = makeContainerClient(join(path, 'docker'), { programs: bin, inside: postgresqlInside(server.port) });
    opened = await openWorkspace(
      (folder) => {
        writeDatabases(folder, { shop: server.resolved('PgDumpBinaryConnector', name).keys });
        publishFrom('db', folder);
      },
      {
        machineSettings: { 'dbbackup.tools': tools },
        environment: { PATH: [path, process.env['PATH']].join(delimiter) },
      },
    );
  });
  after(async () => {
    await opened.close();
    rmSync(path, { recursive: true, force: true });
  });

  const publishFrom = (service: string, folder: string): void =>
    writeFileSync(join(folder, 'compose.yaml'), composeText(service, server.port));
  const asks = 'Let this workspace decide what is started for shop?';
  const detailOf = (service: string): string =>
    [
      `pg_dump: in the container of ${service} (compose file)`,
      `pg_restore: in the container of ${service} (compose file)`,
      'No such program was found on this machine.',
      'You are asked again when any of it changes.',
    ].join('\n');

  it('is named in the tooltip of the database, with the reason, before anything is started', async () => {
    const { window } = opened;
    const words = await window.tooltip(/^shop, PostgreSQL/, 'compose.yaml');
    assert.match(words, /pg_dump: in the container of db \(compose\.yaml\), because none was found on this machine/);
    await window.picture('container-tooltip');
    assert.deepEqual(docker.calls(), []);
  });

  it('is asked about, with where it comes from, and is not started when that is declined', async () => {
    const { window, folder } = opened;
    await act(window, /^shop/, 'Back Up Database');
    const { message, detail, buttons } = await window.dialog();
    assert.deepEqual([message, detail, buttons.toSorted()], [asks, detailOf('db'), ['Allow', 'Cancel', 'Show Plan']]);
    await window.picture('container-approve-light');
    await window.answerDialog('Cancel');
    await window.showTheme('dark');
    await act(window, /^shop/, 'Back Up Database');
    await window.dialog();
    await window.picture('container-approve-dark');
    await window.answerDialog('Cancel');
    await window.row(/^shop, PostgreSQL, .*no dumps yet/).waitFor();
    assert.equal(await window.toast(/./).count(), 0);
    assert.deepEqual([docker.calls(), existsSync(join(folder, 'backups'))], [[], false]);
  });

  it('is shown as it would be run, the password masked', async () => {
    const { window, folder } = opened;
    await act(window, /^shop/, 'Back Up Database');
    await window.dialog();
    await window.answerDialog('Show Plan');
    await window.pickRow('Start Nothing').waitFor();
    const plan = window.page.locator('.editor-instance .view-lines');
    await plan.getByText('To back up').waitFor();
    const words = (await plan.innerText()).replaceAll(/\s+/g, ' ');
    const compose = join(folder, 'compose.yaml');
    assert.ok(words.includes(`${docker.path} compose --file ${compose} exec`), words);
    assert.ok(words.includes('PGPASSWORD=***') && !words.includes(canary.slice(0, 6)), words);
    await window.picture('container-plan-dark');
    await window.input.press('Enter');
    await window.input.waitFor({ state: 'hidden' });
    await window.showTheme('light');
  });

  it('is used once that is allowed, told no password, and asked about no more', async () => {
    const { window } = opened;
    await act(window, /^shop/, 'Back Up Database');
    await window.dialog();
    await window.answerDialog('Allow');
    await window.toast(/Backed up shop \(.*\)\./).waitFor();
    await window.row(/^dump of a moment ago, .*verified/i).waitFor();
    await window.picture('container-backed-up');
    await window.clearNotifications();
    await act(window, /^shop/, 'Back Up Database');
    await window.toast(/Backed up shop \(.*\)\./).waitFor();
    await window.row(/^shop, .*, 2 dumps/).waitFor();
    await window.clearNotifications();
    const calls = docker.calls();
    assert.deepEqual(
      calls.map(({ argv }) => argv.slice(argv.indexOf('-T'), argv.indexOf('-T') + 3)),
      Array(2).fill(['-T', 'db', 'pg_dump']),
    );
    assert.ok(calls.every(({ argv, env }) => env['PGPASSWORD'] === canary && !argv.join().includes(canary.slice(0, 6))));
  });

  it('is asked about again when it is another service that publishes the port', async () => {
    const { window, folder } = opened;
    publishFrom('store', folder);
    await act(window, /^shop/, 'Back Up Database');
    const { message, detail } = await window.dialog();
    assert.deepEqual([message, detail], [asks, detailOf('store')]);
    await window.answerDialog('Cancel');
    assert.equal(docker.calls().length, 2);
  });

  it('is not asked about by a mere test of the connection', async () => {
    const { window } = opened;
    const place = { ENGINE: 'postgresql', HOST: '127.0.0.1', PORT: server.port };
    const keys = { ...place, NAME: name, USER: server.user, PASSWORD: canary };
    await addServer(window, { choice: 'PostgreSQL', alias: 'again', keys });
    await window.pickRow(/Connected: PostgreSQL \d+.*, 1 table/).waitFor();
    await window.input.press('Escape');
    await window.input.waitFor({ state: 'hidden' });
    assert.equal(docker.calls().length, 2);
  });
});
