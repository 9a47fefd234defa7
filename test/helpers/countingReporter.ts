import Mocha from 'mocha';
import { writeSuiteCounts, type FailedFile } from './suiteCounts.ts';

/** Mocha's dots and failures for a reader, and the counts for `npm test`. */
export class CountingReporter extends Mocha.reporters.Dot {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const files = new Map<string, FailedFile>();
    const count = (kind: 'passed' | 'failed' | 'skipped', file = ''): void => {
      const counts = files.get(file) ?? { file, passed: 0, failed: 0, skipped: 0 };
      files.set(file, { ...counts, [kind]: counts[kind] + 1 });
    };
    runner.on('pass', ({ file }) => count('passed', file));
    runner.on('fail', ({ file }) => count('failed', file));
    runner.on('pending', ({ file }) => count('skipped', file));
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const failedFiles = [...files.values()].filter(({ failed }) => failed > 0);
      writeSuiteCounts({ passed: passes, failed: failures, skipped: pending, failedFiles });
    });
  }
}

// Mocha's command line takes a reporter by what `require` returns.
export { CountingReporter as 'module.exports' };
