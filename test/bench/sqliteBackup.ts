import { rmSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { copyPages } from '../../src/connectors/sqlite/pages.ts';
import type { Thread } from '../../src/connectors/sqlite/thread.ts';
import { SqlitePeer } from '../helpers/sqlitePeer.ts';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runTool, type Bench } from './site.ts';

const defaultSizeMib = 430;

/** Copies of database files against `sqlite3 X '.backup Y'`, as a user would run it. */
export async function measureBackup({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<readonly Row[]> {
  const database = site.database(sizeMib);
  const copy = site.path('copy.sqlite3');
  const removeCopy = (): void => rmSync(copy, { force: true });
  const bare: Contestant = { run: () => runTool('sqlite3', [database, `.backup '${copy}'`]), cleanUp: removeCopy };
  const proven: Contestant = {
    run: async () => {
      await bare.run();
      await runTool('sqlite3', [copy, 'PRAGMA integrity_check']);
      await runTool('sha256sum', [copy]);
    },
    cleanUp: removeCopy,
  };
  const quick = site.workspace({ NAME: database });
  const full = site.workspace({ NAME: database }, { 'dbbackup.verification': 'full' });
  return [
    ratioRow(
      `backup of ${sizeMib} MiB, the copying alone : .backup`,
      await takeTurns(copying(database, copy, site.folder), bare, runs),
      1.05,
    ),
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

/** The step inside of `createDump`: nobody to report to, nobody who cancels. */
function copying(from: string, to: string, scratch: string): Contestant {
  const nothing = (): void => undefined;
  const thread: Thread = {
    signal: new AbortController().signal,
    scratch,
    checkpoint: nothing,
    pause: nothing,
    blocked: (call) => call(),
    progress: nothing,
    log: nothing,
  };
  return {
    run: async () => {
      const source = new SqliteDatabase(from, { readonly: true, fileMustExist: true });
      try {
        await copyPages({ from: source, to, contended: from, phase: 'dumping' }, thread);
      } finally {
        source.close();
      }
    },
    cleanUp: () => rmSync(to, { force: true }),
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
