import { rmSync, writeFileSync } from 'node:fs';
import { optionsOf } from '../../src/connectors/mysql/toolWords.ts';
import { placeOf } from '../../src/connectors/mysql/settings.ts';
import { startServer } from '../helpers/mariadbServer.ts';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runTool, type Bench } from './site.ts';

/** The tool needs about five seconds for it. */
const defaultSizeMib = 600;
const dumpWords = '--quick --single-transaction --routines --events --triggers --hex-blob --no-tablespaces'.split(' ');

/** Backups of a MariaDB database, everything included, against the bare `mariadb-dump`. */
export async function measureMysql({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<readonly Row[]> {
  const server = await startServer();
  try {
    const name = await server.createDatabase();
    await server.script(
      `CREATE TABLE notes (id INT PRIMARY KEY, at DATETIME, kind VARCHAR(20), note TEXT);
       INSERT INTO notes SELECT seq, '2026-01-01' + INTERVAL seq SECOND, CONCAT('kind ', seq % 7),
         CONCAT(MD5(seq), ' some words that come again ', MD5(seq * 7)) FROM seq_1_to_${sizeMib * 7000};`,
      name,
    );
    const database = server.resolved(name);
    const options = site.path('options');
    writeFileSync(options, optionsOf(placeOf(database, 'dump'), []), { mode: 0o600 });
    const file = site.path('bare');
    const bare: Contestant = {
      run: () => runTool('mariadb-dump', [`--defaults-file=${options}`, ...dumpWords, name], { into: file }),
      cleanUp: () => rmSync(file, { force: true }),
    };
    const ours = (settings = {}): Contestant => {
      const workspace = site.workspace({ ENGINE: 'mysql', ...database.keys }, settings);
      return { run: () => workspace.commandLine('backup'), cleanUp: () => workspace.removeDumps() };
    };
    const zstd = { 'dbbackup.compression': 'zstd' };
    return [
      ratioRow('mariadb-dump, uncompressed : mariadb-dump', await takeTurns(ours(), bare, runs), 1.1),
      ratioRow('mariadb-dump with zstd : mariadb-dump', await takeTurns(ours(zstd), bare, runs)),
    ];
  } finally {
    server.signal('SIGKILL');
  }
}
