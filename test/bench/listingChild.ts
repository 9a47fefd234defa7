// Lists a dump directory as the tree does and says how long its event loop stood still.
// argv: workspace folder, dump directory, state directory, database. Prints one JSON object.
import { assignDumps, listDumps, realTarget } from '../../src/dumps/catalog.ts';

const [folder = '', directory = '', stateDirectory = '', path = ''] = process.argv.slice(2);
const place = {
  folder,
  directory,
  filenameTemplate: '{databasename}-{servername}-{datetime}.{extension}',
  dateFormat: '%Y-%m-%d-%H%M%S',
};
const target = await realTarget({ kind: 'file', engine: 'sqlite', path });

const intervalMs = 1;
const started = performance.now();
let last = started;
let longest = 0;
const look = (): void => {
  const now = performance.now();
  longest = Math.max(longest, now - last - intervalMs);
  last = now;
};
const timer = setInterval(look, intervalMs);
const entries = await listDumps({ ...place, stateDirectory });
const { byAlias } = await assignDumps(entries, [{ alias: 'default', target }], place);
look();
clearInterval(timer);
const ofAlias = byAlias.get('default')?.length ?? 0;
process.stdout.write(
  JSON.stringify({ longestStallMs: longest, durationMs: performance.now() - started, count: entries.length, ofAlias }),
);
