import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Target } from '../../src/core/database.ts';
import type { DumpEntry } from '../../src/core/dumpEntry.ts';
import { BackupError } from '../../src/core/errors.ts';
import { newestRestorable } from '../../src/core/retention.ts';
import { assignDumps, listDumps, type AssignedDumps } from '../../src/dumps/catalog.ts';
import { publish } from '../../src/dumps/publish.ts';
import { removeDump } from '../../src/dumps/remove.ts';
import { fileStamp, recordResult, resultFor } from '../../src/dumps/verifyResults.ts';
import { dateFormat, filenameTemplate, makeSite, removeSite, requestFor, type Site } from '../helpers/publishing.ts';

const file = (path: string): Target => ({ kind: 'file', engine: 'sqlite', path });
const states = (entries: readonly DumpEntry[]): readonly (readonly string[])[] => entries.map(({ name, state }) => [name, state]);
const names = (entries: readonly DumpEntry[] | undefined): readonly string[] | undefined => entries?.map(({ name }) => name);

describe('the catalog of dumps', () => {
  let site: Site;
  beforeEach(async () => (site = await makeSite()));
  afterEach(() => removeSite(site));

  const place = (at: Site = site) => ({ directory: at.directory, folder: at.folder, filenameTemplate, dateFormat });
  const list = (at: Site = site) => listDumps({ ...place(at), stateDirectory: at.stateDirectory });
  const make = async (
    name: string,
    change: { alias?: string; target?: Target; kind?: 'manual' | 'safety'; now?: string; verification?: 'none' } = {},
  ) => {
    const request = await requestFor(site, `the rows of ${name}`, {
      fileName: (attempt) => (attempt === 1 ? name : `${attempt}-${name}`),
    });
    const { alias = 'default', target = request.about.target, kind = 'manual', verification = 'quick' } = change;
    return publish({
      ...request,
      about: { ...request.about, alias, target, kind, verification },
      now: () => new Date(change.now ?? '2025-03-09T04:05:06Z'),
    });
  };

  it('is empty where there is no directory, and an error where there is no folder to read', async () => {
    assert.deepEqual(await list(), []);
    await writeFile(site.directory, 'a file');
    await assert.rejects(list(), (error) => error instanceof BackupError && error.code === 'dumps.unreadable');
  });

  it('does not follow a link that leads out of the workspace', async () => {
    await symlink('/etc', site.directory);
    await assert.rejects(list(), (error) => error instanceof BackupError && error.code === 'dumps.outsideWorkspace');
  });

  it('D6: lists the newest first by number, whatever the clock did, and foreign dumps among them by time', async () => {
    await make('first', { now: '2025-03-30T01:59:00Z' });
    await make('second', { now: '2025-03-30T01:01:00Z' });
    await make('third', { now: '2025-05-01T00:00:00Z' });
    for (const [name, time] of [
      ['stray.sqlite3', '2025-04-01T00:00:00Z'],
      ['old.sqlite3', '2020-01-01T00:00:00Z'],
    ] as const) {
      await writeFile(join(site.directory, name), 'x');
      await utimes(join(site.directory, name), new Date(time), new Date(time));
    }
    assert.deepEqual(names(await list()), ['third', 'stray.sqlite3', 'second', 'first', 'old.sqlite3']);
  });

  it('says how far each dump can be trusted', async () => {
    await make('kept-raw', { verification: 'none' });
    await make('shorter');
    await make('longer');
    await make('good');
    await truncate(join(site.directory, 'shorter'), 5);
    await writeFile(join(site.directory, 'longer'), 'more', { flag: 'a' });
    await writeFile(join(site.directory, 'empty.sqlite3'), '');
    await writeFile(join(site.directory, 'stray.sqlite3'), 'x');
    const entries = await list();
    assert.deepEqual(
      new Map(entries.map(({ name, state }) => [name, state])),
      new Map([
        ['good', 'verified'],
        ['longer', 'damaged'],
        ['shorter', 'damaged'],
        ['kept-raw', 'unverified'],
        ['empty.sqlite3', 'damaged'],
        ['stray.sqlite3', 'unverified'],
      ]),
    );
  });

  it('D1: lists no partial file, nothing hidden, no link, folder, pipe or manifest, and no file that is no dump', async () => {
    await make('good');
    const at = (name: string): string => join(site.directory, name);
    await writeFile(at('.default.aaaaaaaa-bbbbbbbb-1-1.0123456789abcdef.partial'), 'x');
    await writeFile(at('.hidden.sqlite3'), 'x');
    await writeFile(at('README.md'), 'x');
    await mkdir(at('folder.sqlite3'));
    await mkdir(at('other'));
    await writeFile(at('other.json'), '{}');
    await symlink('/etc/passwd', at('link.sqlite3'));
    await writeFile(at('link.sqlite3.json'), await readFile(at('good.json'), 'utf8'));
    execFileSync('mkfifo', [at('pipe.sqlite3'), at('pipe.sqlite3.json'), at('strange.sqlite3.json')]);
    await writeFile(at('strange.sqlite3'), 'x');
    assert.deepEqual(new Set(names(await list())), new Set(['good', 'other.json', 'strange.sqlite3']));
  });

  it('reads manifests as hostile', async () => {
    const { file: good, manifest } = await make('good');
    const text = await readFile(`${good}.json`, 'utf8');
    const variants: Readonly<Record<string, string>> = {
      'json.sqlite3': '{ "version": 1,',
      'null.sqlite3': 'null',
      'list.sqlite3': '[]',
      'empty-manifest.sqlite3': '',
      'types.sqlite3': JSON.stringify({ ...manifest, file: 'types.sqlite3', sizeBytes: '16' }),
      'negative.sqlite3': JSON.stringify({ ...manifest, file: 'negative.sqlite3', sizeBytes: -1 }),
      'version.sqlite3': JSON.stringify({ ...manifest, file: 'version.sqlite3', version: 2 }),
      'path.sqlite3': JSON.stringify({ ...manifest, file: '../path.sqlite3' }),
      'up.sqlite3': JSON.stringify({ ...manifest, file: '../../x' }),
      'copied.sqlite3': text,
      'long.sqlite3': JSON.stringify({ ...manifest, file: 'long.sqlite3', warnings: ['x'.repeat(2_000_000)] }),
      'deep.sqlite3': `{"a":${'['.repeat(200_000)}`,
      'deep2.sqlite3': `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      'deep3.sqlite3': JSON.stringify({ ...manifest, file: 'deep3.sqlite3' }).replace(
        '"options":{}',
        `"options":{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      ),
      'proto.sqlite3': JSON.stringify({ ...manifest, file: 'proto.sqlite3' }).replace(
        '"options":{}',
        '"__proto__":{"alias":"x"},"options":{"__proto__":1}',
      ),
    };
    for (const [name, manifestText] of Object.entries(variants)) {
      await writeFile(join(site.directory, name), 'the rows of good');
      await writeFile(join(site.directory, `${name}.json`), manifestText);
    }
    const entries = await list();
    const rest = entries.filter(({ name }) => name !== 'good');
    assert.equal(rest.length, Object.keys(variants).length);
    for (const entry of rest) {
      assert.deepEqual([entry.state, entry.origin], ['unverified', 'foreign'], entry.name);
      assert.equal(entry.manifest === undefined, entry.problem !== undefined, entry.name);
    }
    const readable = rest.filter(({ name, manifest }) => manifest !== undefined && name !== 'deep3.sqlite3');
    assert.deepEqual(names(readable), ['proto.sqlite3']);
    assert.equal(entries.find(({ name }) => name === 'good')?.state, 'verified');
    assert.deepEqual((await readdir(site.root)).toSorted(), ['scratch', 'state', 'ws']);
  });

  it('does not believe a manifest that was changed, or that another user made', async () => {
    const { file: dump } = await make('changed');
    const text = await readFile(`${dump}.json`, 'utf8');
    await writeFile(`${dump}.json`, text.replace('"alias": "default"', '"alias": "other"'));
    await make('kept');
    assert.deepEqual(
      states(await list()),
      [
        ['changed', 'unverified'],
        ['kept', 'verified'],
      ].toReversed(),
    );
    assert.deepEqual(states(await listDumps({ ...place(), stateDirectory: site.scratch })), [
      ['kept', 'unverified'],
      ['changed', 'unverified'],
    ]);
  });

  it('lists a manifest whose dump is gone nowhere, and a dump in JSON as a dump', async () => {
    const { file: gone } = await make('gone.sqlite3');
    await rm(gone);
    await make('rows.json');
    await writeFile(join(site.directory, 'rows'), 'not a dump');
    await writeFile(join(site.directory, 'stray.json'), '[]');
    assert.deepEqual(new Set(names(await list())), new Set(['rows.json', 'stray.json']));
  });

  it('counts what a later Verify found while the file stays as it was', async () => {
    const { file: flipped } = await make('flipped');
    await writeFile(join(site.directory, 'stray.sqlite3'), 'x');
    const stampOf = async (path: string) => (await fileStamp(path)) ?? assert.fail();
    await recordResult(site.stateDirectory, await stampOf(flipped), { state: 'damaged', problem: 'A page is broken.' });
    const stray = await stampOf(join(site.directory, 'stray.sqlite3'));
    await recordResult(site.stateDirectory, stray, { state: 'verified', sha256: 'abc' });
    assert.equal((await resultFor(site.stateDirectory, stray))?.sha256, 'abc');
    const stateOf = async () => new Map(states(await list()).map(([name, state]) => [name, state]));
    assert.deepEqual(
      await stateOf(),
      new Map([
        ['stray.sqlite3', 'verified'],
        ['flipped', 'damaged'],
      ]),
    );
    assert.equal((await list()).find(({ name }) => name === 'flipped')?.problem, 'A page is broken.');

    const later = new Date(Date.now() + 5000);
    await utimes(join(site.directory, 'stray.sqlite3'), later, later);
    await utimes(flipped, later, later);
    assert.deepEqual(
      await stateOf(),
      new Map([
        ['stray.sqlite3', 'unverified'],
        ['flipped', 'verified'],
      ]),
    );
  });

  it('keeps listing fast for a thousand dumps', async () => {
    const { file: dump } = await make('one.sqlite3');
    const text = await readFile(`${dump}.json`, 'utf8');
    for (let index = 0; index < 1000; index++) {
      await writeFile(join(site.directory, `${index}.sqlite3`), 'x');
      await writeFile(join(site.directory, `${index}.sqlite3.json`), text.replace('one.sqlite3', `${index}.sqlite3`));
    }
    const before = process.cpuUsage();
    assert.equal((await list()).length, 1001);
    // Processor time: other work on the machine does not count.
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 1_500_000, `${user + system} µs`);
  }).timeout(20_000);

  describe('assigning', () => {
    const assign = async (databases: readonly { alias: string; target: Target }[], at: Site = site): Promise<AssignedDumps> =>
      assignDumps(await list(at), databases, place(at));
    const own = () => file(join(site.folder, 'db.sqlite3'));

    it('D5: asks for exactly the alias, also where there is only a name to go by', async () => {
      await make('default-here-2025-03-09-000001.sqlite3', { alias: 'app2' });
      await make('default-here-2025-03-09-000002.sqlite3', { alias: 'app' });
      await writeFile(join(site.directory, 'app2-here-2025-03-09-000003.sqlite3'), 'x');
      await writeFile(join(site.directory, 'app-here-2025-03-09-000004.sqlite3'), 'x');
      const { byAlias, other } = await assign([
        { alias: 'app', target: own() },
        { alias: 'app2', target: own() },
      ]);
      assert.deepEqual(
        new Set(names(byAlias.get('app'))),
        new Set(['default-here-2025-03-09-000002.sqlite3', 'app-here-2025-03-09-000004.sqlite3']),
      );
      assert.deepEqual(
        new Set(names(byAlias.get('app2'))),
        new Set(['default-here-2025-03-09-000001.sqlite3', 'app2-here-2025-03-09-000003.sqlite3']),
      );
      assert.deepEqual(other, []);
    });

    it('gives a name that fits two aliases to neither', async () => {
      await mkdir(site.directory);
      await writeFile(join(site.directory, 'app-2-here-2025-03-09-000003.sqlite3'), 'x');
      const { other } = await assign([
        { alias: 'app', target: own() },
        { alias: 'app-2', target: own() },
      ]);
      assert.equal(other.length, 1);
    });

    it('D7: gives a dump of another database of the same alias to nobody, in one folder as in a shared one', async () => {
      await make('elsewhere', { target: file(join(site.folder, 'other.sqlite3')) });
      assert.deepEqual(names((await assign([{ alias: 'default', target: own() }])).other), ['elsewhere']);

      const shared = join(site.root, 'shared');
      const projects = ['a', 'b'].map((name) => ({ ...site, folder: join(site.root, name), directory: shared }));
      for (const project of projects) {
        await mkdir(project.folder);
        await writeFile(join(project.folder, 'db.sqlite3'), '');
        const request = await requestFor(project, `rows of ${project.folder}`);
        await publish(request);
      }
      for (const [index, project] of projects.entries()) {
        const { byAlias, other } = await assign(
          [{ alias: 'default', target: file(join(project.folder, 'db.sqlite3')) }],
          project,
        );
        assert.deepEqual([byAlias.get('default')?.length, other.length], [1, 1]);
        assert.equal(byAlias.get('default')?.[0]?.sequence, index + 1);
      }
    });

    it('lets a workspace keep its dumps when it is moved, copied, or reached through a link', async () => {
      await make('mine');
      const moved = { ...site, folder: join(site.root, 'moved'), directory: join(site.root, 'moved', 'backups') };
      const copied = { ...site, folder: join(site.root, 'copied'), directory: join(site.root, 'copied', 'backups') };
      const linked = { ...site, folder: join(site.root, 'linked'), directory: join(site.root, 'linked', 'backups') };
      await cp(site.folder, copied.folder, { recursive: true });
      await rename(site.folder, moved.folder);
      await symlink(moved.folder, linked.folder);
      for (const at of [moved, copied, linked]) {
        const { byAlias } = await assign([{ alias: 'default', target: file(join(at.folder, 'db.sqlite3')) }], at);
        assert.deepEqual(names(byAlias.get('default')), ['mine'], at.folder);
      }
    });

    it('finds a database that does not exist any more, and none by a path that climbs out of the workspace', async () => {
      const { file: dump } = await make('mine');
      await rm(join(site.folder, 'db.sqlite3'));
      assert.deepEqual(names((await assign([{ alias: 'default', target: own() }])).byAlias.get('default')), ['mine']);
      const text = await readFile(`${dump}.json`, 'utf8');
      await writeFile(`${dump}.json`, text.replace('"path": "db.sqlite3"', '"path": "../db.sqlite3"'));
      const outside = file(join(site.root, 'db.sqlite3'));
      assert.deepEqual(names((await assign([{ alias: 'default', target: outside }])).other), ['mine']);
    });

    it('takes as the latest neither damaged, safety and other dumps nor files without a manifest', async () => {
      await make('good');
      await make('safety', { kind: 'safety' });
      await make('cut');
      await truncate(join(site.directory, 'cut'), 3);
      await make('elsewhere', { target: file(join(site.folder, 'other.sqlite3')) });
      await writeFile(join(site.directory, 'default-here-2999-03-09-000003.sqlite3'), 'x');
      const { byAlias } = await assign([{ alias: 'default', target: own() }]);
      assert.equal(byAlias.get('default')?.length, 4);
      assert.equal(newestRestorable(byAlias.get('default') ?? [])?.name, 'good');
      assert.equal(newestRestorable([]), undefined);
    });
  });

  it('deletes a dump with its manifest, and nothing else', async () => {
    const { file: dump } = await make('mine');
    await make('kept');
    await writeFile(join(site.directory, 'stray.sqlite3'), 'x');
    await writeFile(join(site.directory, 'stray.sqlite3.json'), 'somebody`s file');
    const stamp = (await fileStamp(dump)) ?? assert.fail();
    await recordResult(site.stateDirectory, stamp, { state: 'damaged' });
    const entries = await list();
    for (const name of ['mine', 'stray.sqlite3']) {
      const entry = entries.find((entry) => entry.name === name) ?? assert.fail();
      await removeDump(entry, site.stateDirectory);
      await removeDump(entry, site.stateDirectory);
    }
    assert.deepEqual((await readdir(site.directory)).toSorted(), ['.gitignore', 'kept', 'kept.json', 'stray.sqlite3.json']);
    assert.equal(await resultFor(site.stateDirectory, stamp), undefined);
  });
});
