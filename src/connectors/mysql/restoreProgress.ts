import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import type { Run } from '../../core/run.ts';

/** Units: ms. */
const lookEveryMs = 250;

/**
 * Says how far a tool has read the file that it was given as its input, while `body` runs: the tool and we share one position in it.
 *
 * Shape: Linux only; elsewhere nothing is said. Source: proc(5), fdinfo.
 */
export async function sayingPosition<Result>(
  { path, totalBytes }: { readonly path: string; readonly totalBytes: number },
  run: Run,
  body: () => Promise<Result>,
): Promise<Result> {
  if (process.platform !== 'linux') return body();
  const real = await realpath(path);
  const look = async (): Promise<void> => {
    const doneBytes = await positionIn(real);
    if (doneBytes !== undefined) run.progress({ phase: 'restoring', doneBytes, totalBytes });
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}

async function positionIn(path: string): Promise<number | undefined> {
  for (const descriptor of await readdir('/proc/self/fd')) {
    if ((await readlink(`/proc/self/fd/${descriptor}`).catch(() => '')) !== path) continue;
    const position = /^pos:\s*(\d+)/.exec(await readFile(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    if (position !== undefined) return Number(position);
  }
  return undefined;
}
