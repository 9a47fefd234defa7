import type { Progress } from './run.ts';
import { countText, runningSizeText } from './words.ts';

const speedWindowMs = 3000;

const phaseWords: Readonly<Record<Progress['phase'], string>> = {
  preparing: 'preparing',
  dumping: '',
  verifying: 'checking the dump',
  compressing: 'compressing',
  safety: 'making a safety dump',
  restoring: '',
  deleting: 'deleting',
};

/**
 * Makes the writer of one job's progress line: `42 % · 310 MB · 95 MB/s`, behind the name of the phase where it is not the main one.
 *
 * Shape: no percentage where the end is unknown, rows instead of nothing; the speed is that of the last three seconds of the phase.
 * Units: `now` milliseconds of any clock that only goes forward.
 */
export function createProgressText(now: () => number): (progress: Progress) => string {
  let phase: Progress['phase'] | undefined;
  let samples: { readonly at: number; readonly bytes: number }[] = [];

  const speed = (bytes: number): string => {
    const at = now();
    samples = [...samples.filter((sample) => at - sample.at <= speedWindowMs && sample.bytes <= bytes), { at, bytes }];
    const first = samples[0];
    if (first === undefined || at - first.at < 200 || bytes === first.bytes) return '';
    return `${runningSizeText(((bytes - first.bytes) * 1000) / (at - first.at))}/s`;
  };

  return (progress) => {
    if (progress.phase !== phase) samples = [];
    phase = progress.phase;
    const { doneBytes, rows } = progress;
    const parts = [
      phaseWords[phase],
      percentText(progress),
      doneBytes === undefined ? '' : runningSizeText(doneBytes),
      rows === undefined ? '' : countText(rows, 'row'),
      doneBytes === undefined ? '' : speed(doneBytes),
    ];
    return parts.filter((part) => part !== '').join(' · ');
  };
}

/** How much of the phase is done, 0 to 100, where the end is known. */
export function percentOf({ doneBytes, totalBytes }: Progress): number | undefined {
  if (doneBytes === undefined || totalBytes === undefined || totalBytes <= 0) return undefined;
  return Math.min(100, Math.floor((doneBytes * 100) / totalBytes));
}

function percentText(progress: Progress): string {
  const percent = percentOf(progress);
  return percent === undefined ? '' : `${percent} %`;
}
