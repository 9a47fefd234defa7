import Mocha from 'mocha';
import { writeSuiteCounts } from './suiteCounts.ts';

/** Mocha's dots and failures for a reader, and the counts for `npm test`. */
export class CountingReporter extends Mocha.reporters.Dot {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once('end', () => {
      writeSuiteCounts({ passed: this.stats.passes, failed: this.stats.failures, skipped: this.stats.pending });
    });
  }
}

// Mocha's command line takes a reporter by what `require` returns.
export { CountingReporter as 'module.exports' };
