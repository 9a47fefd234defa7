import { rmSync } from 'node:fs';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runTool, type Bench, type Workspace } from './site.ts';

/** SQL dumps against `sqlite3 X .dump > file`, and restores of them against `sqlite3 new.db < file`. */
export async function measureSql({ site, runs, sizeMib = 200 }: Bench): Promise<readonly Row[]> {
  const database = site.database(sizeMib);
  const foreignDump = site.path('foreign.sql');
  const theirDump: Contestant = { run: () => runTool('sqlite3', [database, '.dump'], { into: foreignDump }) };

  const source = site.workspace({ NAME: database, CONNECTOR: 'SqliteConnector' });
  const ourDump = { run: () => source.commandLine('backup'), prepare: () => source.removeDumps() };
  const dumped = await takeTurns(ourDump, theirDump, runs);
  const [ownDump = ''] = source.dumpFiles();

  const restored = site.path('restored.sqlite3');
  const remove = (): void => rmSync(restored, { force: true });
  const theirRestore: Contestant = { run: () => runTool('sqlite3', [restored], { from: foreignDump }), cleanUp: remove };
  const target = site.workspace({ NAME: restored, CONNECTOR: 'SqliteConnector' });
  const own = await takeTurns({ run: () => restore(target, ownDump), cleanUp: remove }, theirRestore, runs);
  const foreign = await takeTurns({ run: () => restore(target, foreignDump), cleanUp: remove }, theirRestore, runs);
  await restore(target, ownDump);
  const over = await takeTurns(
    { run: () => restore(target, ownDump) },
    { ...theirRestore, ...intoAnother(site.path('other.sqlite3'), foreignDump) },
    runs,
  );
  remove();
  return [
    ratioRow(`SQL dump of ${sizeMib} MiB, everything : .dump`, dumped, 0.75),
    ratioRow('SQL restore of our own dump : sqlite3 < its own dump', own, 0.6),
    ratioRow('SQL restore of a .dump : sqlite3 < the same', foreign, 0.9),
    ratioRow('SQL restore over the old rows : sqlite3 into a new file', over),
  ];
}

function restore(workspace: Workspace, dump: string): Promise<void> {
  return workspace.commandLine('restore', '--dump', dump, '--yes', '--no-safety-backup');
}

function intoAnother(file: string, dump: string): Contestant {
  return { run: () => runTool('sqlite3', [file], { from: dump }), cleanUp: () => rmSync(file, { force: true }) };
}
