// `npm run bench [-- --only NAME… --runs N --size 430m]`: measures the product against the tools a user would run instead.
// Areas: see below. --size sets the size of the databases (`100m`, `5g`) in place of each area's own.
import { parseArgs } from 'node:util';
import { measureActivation, measureStalls } from './extensionHost.ts';
import { measureJobStart } from './jobStart.ts';
import { measureListing } from './listing.ts';
import { isReached, table, type Row } from './measure.ts';
import { measureMemory } from './memory.ts';
import { measureMongodb } from './mongodb.ts';
import { measureMysql } from './mysql.ts';
import { measurePackage } from './packageSize.ts';
import { measurePostgresql } from './postgresql.ts';
import { Site, type Bench } from './site.ts';
import { measureBackup, measureBackupInUse } from './sqliteBackup.ts';
import { measureSql } from './sqliteSql.ts';

const areas: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[]>>> = {
  package: measurePackage,
  listing: measureListing,
  start: measureJobStart,
  backup: measureBackup,
  inUse: measureBackupInUse,
  sql: measureSql,
  postgresql: measurePostgresql,
  mysql: measureMysql,
  mongodb: measureMongodb,
  memory: measureMemory,
  activation: measureActivation,
  stalls: measureStalls,
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '5' },
    size: { type: 'string' },
  },
});

const site = new Site();
process.once('exit', () => site.remove());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const bench = { site, runs: Number(options.runs), sizeMib: parseSize(options.size) };
const rows: Row[] = [];
for (const [name, measure] of Object.entries(areas)) {
  if (options.only.length > 0 && !options.only.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  const measured = await measure(bench);
  process.stderr.write(`${table(measured)}\n`);
  rows.push(...measured);
}
const missed = rows.filter((row) => !isReached(row)).length;
process.stdout.write(
  `${table(rows)}\n\n${missed === 0 ? 'Every figure is reached.' : `${missed} of ${rows.length} figures are missed.`}\n`,
);
process.exitCode = missed === 0 && rows.length > 0 ? 0 : 1;

/** `430m` and `5g` in MiB; undefined where none is given. */
function parseSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d+)([mg])$/.exec(text) ?? [];
  if (number === undefined) throw new Error('--size takes MiB or GiB: 430m, 5g.');
  return Number(number) * (unit === 'g' ? 1024 : 1);
}
