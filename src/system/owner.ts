import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemCode } from '../core/diskError.ts';

const day = 86_400_000;

/**
 * A running process, named so that any later process can tell whether it still lives.
 *
 * Shape: `id` fits a file name: `<machine>-<boot>-<pid>-<start>`; the start time keeps a reused process number apart.
 */
export interface Owner {
  readonly id: string;
  /** True when the process `id` is gone, so that what it left may be removed. `silentForMs`: how long its file has not changed. */
  isGone(id: string, silentForMs: number): Promise<boolean>;
}

/** This process as an owner of locks, scratch folders and partial files. */
export async function thisProcess(): Promise<Owner> {
  return { id: await ownId(), isGone: (id, silentForMs) => isGone(id, silentForMs, 7 * day) };
}

/**
 * True when the process is provably gone; where that cannot be seen, when its file has been silent for longer than `patienceMs`.
 *
 * It cannot be seen from another machine or container, nor where a system does not tell when a process began.
 */
export async function isGone(id: string, silentForMs: number, patienceMs: number): Promise<boolean> {
  const state = await stateOf(id);
  return state === 'gone' || (state === 'unknown' && silentForMs > patienceMs);
}

/** Source text of a regular expression for owners' ids. */
export const ownerPattern = '[0-9a-f]{8}-[0-9a-f]{8}-[0-9]{1,10}-[0-9]{1,20}';

let cachedId: Promise<string> | undefined;

function ownId(): Promise<string> {
  cachedId ??= (async () => {
    const { machine, boot } = await place();
    const start = await startOf(process.pid);
    return `${machine}-${boot}-${process.pid}-${start.kind === 'running' ? start.ticks : '0'}`;
  })();
  return cachedId;
}

async function stateOf(id: string): Promise<'alive' | 'gone' | 'unknown'> {
  if (!new RegExp(`^${ownerPattern}$`).test(id)) return 'unknown';
  const [machine, boot, pid = '', ticks] = id.split('-');
  const here = await place();
  if (machine !== here.machine) return 'unknown';
  if (boot !== here.boot) return here.bootIsKnown ? 'gone' : 'unknown';

  const start = await startOf(Number(pid));
  switch (start.kind) {
    case 'running':
      return start.ticks === ticks ? 'alive' : 'gone';
    case 'absent':
      return 'gone';
    case 'hidden':
      return 'unknown';
  }
}

/** Where process numbers mean the same: this machine, its process namespace (containers have their own) and its last start. */
async function place(): Promise<{ readonly machine: string; readonly boot: string; readonly bootIsKnown: boolean }> {
  const [machineId, namespace, bootId] = await Promise.all([
    readFile('/etc/machine-id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
  ]);
  return { machine: hash(`${hostname()}\n${machineId}\n${namespace}`), boot: hash(bootId), bootIsKnown: bootId !== '' };
}

type Start = { readonly kind: 'running'; readonly ticks: string } | { readonly kind: 'absent' } | { readonly kind: 'hidden' };

/** When a process began, in clock ticks since the machine's start. Source: proc_pid_stat(5), fields 3 and 22. */
async function startOf(pid: number): Promise<Start> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields[19];
  // A killed process that its parent has not yet asked for is a zombie: it does nothing any more.
  if (stat !== '' && ticks !== undefined)
    return fields[0] === 'Z' || fields[0] === 'X' ? { kind: 'absent' } : { kind: 'running', ticks };
  return isAbsent(pid) ? { kind: 'absent' } : { kind: 'hidden' };
}

function isAbsent(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
