import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { copyInUse } from '../../src/connectors/sqlite/copy.ts';
import { quietThread } from '../helpers/quietThread.ts';
import { SqlitePeer } from '../helpers/sqlitePeer.ts';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runTool, type Bench } from './site.ts';

const defaultSizeMib = 430;

/** Copies of database files against `sqlite3 X '.backup Y'`, as a user would run it. */
export async function measureBackup({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<readonly Row[]> {
  const database = site.database(sizeMib);
  const copy = site.path('copy.sqlite3');
  const bare = backupByTool(database, copy);
  const proven: Contestant = {
    ...bare,
    run: async () => {
      await bare.run();
      await runTool('sqlite3', [copy, 'PRAGMA integrity_check']);
      await runTool('sha256sum', [copy]);
    },
  };
  const quick = site.workspace({ NAME: database });
  const full = site.workspace({ NAME: database }, { 'dbbackup.verification': 'full' });
  return [
    ratioRow(
      `backup of ${sizeMib} MiB, the copying alone : .backup`,
      await takeTurns(copying(database, copy, site.folder), bare, runs),
      1.05,
    ),
    await measureCopyingWithWal({ site, runs, sizeMib }),
    ratioRow(
      'backup, everything : .backup',
      await takeTurns({ run: () => quick.commandLine('backup'), cleanUp: () => quick.removeDumps() }, bare, runs),
      1.8,
    ),
    ratioRow(
      'backup with full verification : .backup, integrity_check, sha256sum',
      await takeTurns({ run: () => full.commandLine('backup'), cleanUp: () => full.removeDumps() }, proven, runs),
      0.75,
    ),
  ];
}

/** The step inside of `createDump`, and to the disk, as `.backup` does. */
function copying(from: string, to: string, scratch: string): Contestant {
  return {
    run: async () => {
      writeFileSync(to, '');
      await copyInUse({ kind: 'backup', source: from, destination: to, scratch }, quietThread(scratch));
      const copy = openSync(to, 'r+');
      fsyncSync(copy);
      closeSync(copy);
    },
    cleanUp: () => rmSync(to, { force: true }),
  };
}

/** The same where rows are in the WAL, because another program has the database open. */
async function measureCopyingWithWal({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<Row> {
  const database = site.copyOf(site.database(sizeMib, 'wal'), 'open-wal.sqlite3');
  const copy = site.path('copy.sqlite3');
  const bare = backupByTool(database, copy);
  const peer = new SqlitePeer(database);
  try {
    await peer.exec(`UPDATE orders SET note = 'in the WAL' WHERE id % 1000 = 0`);
    const turns = await takeTurns(copying(database, copy, site.folder), bare, runs);
    return ratioRow(`backup of ${sizeMib} MiB, the copying alone, rows in the WAL : .backup`, turns, 1.05);
  } finally {
    await peer.stop();
  }
}

function backupByTool(database: string, copy: string): Contestant {
  return {
    run: () => runTool('sqlite3', [database, `.backup '${copy}'`]),
    cleanUp: () => rmSync(copy, { force: true }),
  };
}

/** The same backup while another program commits 50 times a second, against itself when it is alone. */
export async function measureBackupInUse({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const journalMode of ['wal', 'delete'] as const) {
    const database = site.copyOf(site.database(sizeMib, journalMode), `in-use-${journalMode}.sqlite3`);
    const workspace = site.workspace({ NAME: database });
    const peer = new SqlitePeer(database);
    const backup = { run: () => workspace.commandLine('backup'), cleanUp: () => workspace.removeDumps() };
    const busy = {
      ...backup,
      prepare: () => peer.commitEvery(20),
      cleanUp: () => (workspace.removeDumps(), peer.stopCommitting()),
    };
    try {
      const turns = await takeTurns(busy, backup, runs);
      rows.push(
        ratioRow(
          `backup while another program commits, ${journalMode === 'wal' ? 'WAL' : 'rollback journal'} : alone`,
          turns,
          1.25,
        ),
      );
    } finally {
      await peer.stop();
    }
  }
  return rows;
}
