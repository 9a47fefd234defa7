import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

const { PRIORITY_BELOW_NORMAL } = constants.priority;

/**
 * Lets programs that somebody waits for, the editor first, go before this process and the threads it starts from now on.
 *
 * Shape: never fails: a system may not allow it. Linux shares the processors among sessions first, and weighs processes only against others
 * of their session: this process, which leads one, says it for its session as well. Source: sched(7), the autogroup feature.
 */
export function yieldToOthers(): void {
  attempt(() => setPriority(PRIORITY_BELOW_NORMAL));
  if (process.platform === 'linux') attempt(() => writeFileSync('/proc/self/autogroup', String(PRIORITY_BELOW_NORMAL)));
}

function attempt(change: () => void): void {
  try {
    change();
  } catch {
    // Then the job competes as any other program does.
  }
}
