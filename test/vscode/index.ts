import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import { CountingReporter } from '../helpers/countingReporter.ts';
import { testOutputMark } from '../helpers/testOutputMark.ts';

/**
 * Runs one folder of bundled test files inside the extension host; VS Code calls it.
 *
 * Errors: throws when a test failed, which becomes the exit code.
 */
export async function run(): Promise<void> {
  const folder = process.env['DBBACKUP_TEST_SUITE'];
  if (folder === undefined) throw new Error('DBBACKUP_TEST_SUITE does not name a folder of tests.');
  Mocha.reporters.Base.consoleLog = (...words: readonly unknown[]) => {
    for (const line of format(...words).split('\n')) console.log(`${testOutputMark}${line}`);
  };
  const mocha = new Mocha({ ui: 'bdd', timeout: 60_000, reporter: CountingReporter, color: false });
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
  for (const name of files.sort()) mocha.addFile(join(folder, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
