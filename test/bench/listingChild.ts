// Lists a dump directory as the tree does, and says how long its event loop stood still and how long it was busy in one turn.
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
const busyMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const started = performance.now();
let last = { at: started, busy: busyMs() };
const longest = { stallMs: 0, busyMs: 0 };
const look = (): void => {
  const now = { at: performance.now(), busy: busyMs() };
  longest.stallMs = Math.max(longest.stallMs, now.at - last.at - intervalMs);
  longest.busyMs = Math.max(longest.busyMs, now.busy - last.busy);
  last = now;
};
const timer = setInterval(look, intervalMs);
const entries = await listDumps({ ...place, stateDirectory });
const { byAlias } = await assignDumps(entries, [{ alias: 'default', target }], place);
look();
clearInterval(timer);
const ofAlias = byAlias.get('default')?.length ?? 0;
const figures = {
  longestStallMs: longest.stallMs,
  longestBusyMs: longest.busyMs,
  durationMs: performance.now() - started,
  ofAlias,
};
process.stdout.write(JSON.stringify(figures));
