import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bin, startServer } from '../helpers/postgresqlServer.ts';
import { ratioRow, takeTurns, type Contestant, type Row } from './measure.ts';
import { runTool, type Bench } from './site.ts';

const defaultSizeMib = 300;
const pgDump = join(bin, 'pg_dump');

/** Backups of a PostgreSQL database, everything included, against the bare `pg_dump`. */
export async function measurePostgresql({ site, runs, sizeMib = defaultSizeMib }: Bench): Promise<readonly Row[]> {
  const server = await startServer({});
  try {
    const filled = async (mib: number): Promise<string> => {
      const name = await server.createDatabase(tableOf(mib));
      // What the server does with new rows by itself, soon after, would take turns with both.
      await server.query(name, 'VACUUM ANALYZE');
      await server.query(name, 'CHECKPOINT');
      return name;
    };
    const name = await filled(sizeMib);
    const env = {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
    };
    const file = site.path('bare');
    const bare = (...words: readonly string[]): Contestant => ({
      run: () => runTool(pgDump, words, { env, into: file }),
      cleanUp: () => rmSync(file, { force: true }),
    });
    const { keys } = server.resolved('PgDumpBinaryConnector', name);
    const ours = (more: object, settings = {}): Contestant & { sizeBytes(): number } => {
      const workspace = site.workspace({ ...keys, ...more }, settings);
      let sizeBytes = 0;
      return {
        run: () => workspace.commandLine('backup'),
        cleanUp: () => {
          sizeBytes = workspace.dumpFiles().reduce((sum, dump) => sum + statSync(dump).size, 0);
          workspace.removeDumps();
        },
        sizeBytes: () => sizeBytes,
      };
    };
    const zstd = { 'dbbackup.compression': 'zstd' };
    const quick = ours({}, zstd);
    const rows = [
      ratioRow('pg_dump archive with zstd, quick : pg_dump -Fc', await takeTurns(quick, bare('-Fc', name), runs), 0.5),
      ratioRow(
        'pg_dump archive with zstd, full : pg_dump -Fc',
        await takeTurns(ours({}, { ...zstd, 'dbbackup.verification': 'full' }), bare('-Fc', name), runs),
        0.65,
      ),
    ];
    // Where nothing is compressed, the tool writes 250 MiB a second: what is fixed counts in a short run.
    for (const plainMib of [2 * sizeMib, 6 * sizeMib]) {
      const large = await filled(plainMib);
      const turns = await takeTurns(ours({ CONNECTOR: 'PgDumpConnector', NAME: large }), bare(large), runs);
      rows.push(ratioRow(`pg_dump plain of ${plainMib} MiB, uncompressed : pg_dump`, turns, 1.1));
    }
    await runTool(pgDump, ['-Fc', name], { env, into: file });
    return [
      ...rows,
      { what: 'size with zstd : pg_dump -Fc', unit: 'times', values: [quick.sizeBytes() / statSync(file).size], reach: 1 },
    ];
  } finally {
    await server.stop();
  }
}

function tableOf(sizeMib: number): string {
  return `CREATE TABLE notes (id int PRIMARY KEY, at timestamptz, kind text, note text);
    INSERT INTO notes SELECT i, now() + i * interval '1 s', 'kind ' || i % 7, md5(i::text) || ' some words that come again ' || md5((i * 7)::text)
    FROM generate_series(1, ${sizeMib * 7000}) i;`;
}
