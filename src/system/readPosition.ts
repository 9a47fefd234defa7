import { readdir, readFile, readlink, realpath } from 'node:fs/promises';

/** A file that a program reads. Units: bytes. */
export interface Reading {
  readonly path: string;
  onPosition(doneBytes: number): void;
}

/** Units: ms. */
const lookEveryMs = 250;

/**
 * Says again and again how far a program has read a file, and gives what ends that. The program has opened it by itself, or it was given our
 * `descriptor` of it: then it shares one position with us.
 *
 * Shape: Linux only; elsewhere nothing is said, nor of a program that leaves the reading to one that it has started. Source: proc(5), fdinfo.
 */
export function watchReading(
  { path, onPosition }: Reading,
  { pid, descriptor }: { readonly pid: number | undefined; readonly descriptor: number | undefined },
): () => void {
  if (process.platform !== 'linux') return () => undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    const position = await (descriptor === undefined ? positionIn(`/proc/${pid}`, path) : positionOf('/proc/self', descriptor));
    if (position !== undefined && !isOver) onPosition(position);
  };
  // The program may not have opened it yet, or have ended.
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** Where the process stands in the file that it has open; undefined where it has not. */
async function positionIn(process: string, path: string): Promise<number | undefined> {
  const real = await realpath(path);
  for (const descriptor of await readdir(`${process}/fd`)) {
    const link = await readlink(`${process}/fd/${descriptor}`).catch(() => '');
    if (link === real) return positionOf(process, descriptor);
  }
  return undefined;
}

async function positionOf(process: string, descriptor: number | string): Promise<number | undefined> {
  const position = /^pos:\s*(\d+)/.exec(await readFile(`${process}/fdinfo/${descriptor}`, 'latin1'))?.[1];
  return position === undefined ? undefined : Number(position);
}
