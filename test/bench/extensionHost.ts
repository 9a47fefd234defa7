import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as z from 'zod';
import { activationProbePackage, productPackage, stallProbePackage } from '../helpers/packages.ts';
import { until } from '../helpers/processes.ts';
import { Window } from '../helpers/window.ts';
import { median, quietDisk, type Row } from './measure.ts';
import type { Bench, Workspace } from './site.ts';

const stallSchema = z.object({ longestStallMs: z.number(), longestAtAllMs: z.number(), durationMs: z.number() });
const lapSchema = z.object({ clockMs: z.number(), busyMs: z.number() });
const activationSchema = z.object({ loaded: lapSchema, activated: lapSchema });
const librariesSchema = z.array(z.string());
const jobLimitMs = 600_000;

/** The packaged extension and the probes in one window on `workspace`. */
async function openWindow(
  { site }: Bench,
  workspace: Workspace,
): Promise<{ window: Window; stalls: string; activation: string; libraries: string }> {
  const files = {
    stalls: site.path('stalls.json'),
    activation: site.path('activation.json'),
    libraries: site.path('libraries.json'),
  };
  const window = await Window.open({
    workspace: workspace.folder,
    packages: [await productPackage(), await stallProbePackage(), await activationProbePackage()],
    environment: {
      STALL_PROBE_FILE: files.stalls,
      ACTIVATION_PROBE_FILE: files.activation,
      LIBRARIES_PROBE_FILE: files.libraries,
    },
  });
  return { window, ...files };
}

/** From the first line of the extension's bundle to the end of `activate`, in a new extension host each time. */
export async function measureActivation(bench: Bench): Promise<readonly Row[]> {
  const workspace = bench.site.workspace({ NAME: bench.site.database(10) });
  const { window, activation, libraries } = await openWindow(bench, workspace);
  const figures: z.infer<typeof activationSchema>[] = [];
  try {
    for (let run = 0; run <= bench.runs; run++) {
      if (run > 0) {
        rmSync(activation);
        await window.reload();
      }
      const figure = activationSchema.parse(await readWhenThere(activation));
      // The first host of a profile also compiles VS Code's own code.
      if (run > 0) figures.push(figure);
    }
    await window.runCommand('Database Backup: Back Up Database');
    await window.toast(/Backed up default/).waitFor({ timeout: jobLimitMs });
    await window.runCommand('Activation Probe: List Libraries');
    const found = librariesSchema.parse(await readWhenThere(libraries));
    return [
      // Processor time, which other work on the machine does not lengthen: activation waits for nothing.
      {
        what: 'activation, bundle and activate, processor time',
        unit: 'ms',
        values: figures.map(({ activated }) => activated.busyMs),
        reach: 50,
      },
      { what: 'the same by the clock', unit: 'ms', values: figures.map(({ activated }) => activated.clockMs) },
      { what: 'the bundle alone, processor time', unit: 'ms', values: figures.map(({ loaded }) => loaded.busyMs) },
      {
        what: 'database libraries in the extension host after a backup',
        unit: 'count',
        values: [found.length],
        reach: 0,
        absolute: found.join(', '),
      },
    ];
  } finally {
    await window.close();
  }
}

/** Jobs as a user starts them, each with what its message says at the end. */
const jobs = [
  { what: 'backup', command: 'Database Backup: Back Up Database', alias: 'default', asks: false, done: /Backed up default/ },
  { what: 'SQL dump', command: 'Database Backup: Back Up Database', alias: 'text', asks: false, done: /Backed up text/ },
  { what: 'restore', command: 'Database Backup: Restore Latest Dump', alias: 'default', asks: true, done: /Restored default/ },
] as const;

type Job = (typeof jobs)[number];

/** The longest stall of the extension host during a job, above that of the same window when it is idle for as long. */
export async function measureStalls(bench: Bench): Promise<readonly Row[]> {
  const sizeMib = bench.sizeMib ?? 1024;
  const NAME = bench.site.copyOf(bench.site.database(sizeMib), 'stalls.sqlite3');
  const database = { ENGINE: 'sqlite3', NAME };
  const databases = { default: database, text: { ...database, CONNECTOR: 'SqliteConnector' } };
  const workspace = bench.site.workspace({}, { 'dbbackup.databases': databases });
  const { window, stalls } = await openWindow(bench, workspace);
  const found = jobs.map((job) => ({ job, busy: new Array<number>(), idle: new Array<number>(), atAll: new Array<number>() }));
  try {
    await window.showContainer('Database Backup');
    await window.row(/^default/).waitFor();
    for (let run = 0; run <= bench.runs; run++) {
      for (const { job, busy, idle, atAll } of found) {
        const during = await stallsDuring(window, stalls, () => runJob(window, job));
        const without = await stallsDuring(window, stalls, () => window.page.waitForTimeout(during.durationMs));
        // The first time warms the caches.
        if (run === 0) continue;
        busy.push(during.longestStallMs);
        idle.push(without.longestStallMs);
        atAll.push(during.longestAtAllMs);
      }
      workspace.removeDumps();
    }
  } catch (error) {
    await window.picture('bench-failed');
    throw error;
  } finally {
    await window.close();
  }
  return found.map(({ job, busy, idle, atAll }) => ({
    what: `stall of the extension host, ${job.what} of ${sizeMib} MiB, above idle`,
    unit: 'ms',
    values: busy.map((stall) => stall - median(idle)),
    reach: 10,
    absolute: `${median(busy).toFixed(1)} ms : ${median(idle).toFixed(1)} ms; with stolen time ${median(atAll).toFixed(1)} ms`,
  }));
}

async function runJob(window: Window, { command, alias, asks, done }: Job): Promise<void> {
  await window.runCommand(command);
  await window.pick(new RegExp(`^${alias}`));
  if (asks) {
    await window.dialog();
    await window.answerDialog('Restore');
  }
  await window.toast(done).waitFor({ timeout: jobLimitMs });
}

async function stallsDuring(window: Window, file: string, work: () => Promise<void>): Promise<z.infer<typeof stallSchema>> {
  await window.runCommand('Notifications: Clear All Notifications');
  rmSync(file, { force: true });
  quietDisk();
  await window.runCommand('Stall Probe: Start');
  await work();
  await window.runCommand('Stall Probe: Stop');
  return stallSchema.parse(await readWhenThere(file));
}

async function readWhenThere(file: string): Promise<unknown> {
  await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '', file, 30_000);
  return JSON.parse(readFileSync(file, 'utf8'));
}
