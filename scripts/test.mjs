// `npm test`: sets the checkout up, builds, lints and runs every suite. The last line counts: N passed, N failed, N skipped.
// Runs on the machine's Node, from 20 on. With CI set a skip is a failure.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeMissing, projectEnvironment, setUp } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const steps = [
  { name: 'build', command: 'npm run --silent build', limitMinutes: 2 },
  { name: 'lint', command: 'npm run --silent lint', limitMinutes: 5 },
];

/**
 * A suite writes its counts, as { passed, failed, skipped }, into the file that DBBACKUP_TEST_RESULT names.
 * With `again` the files in which a test failed are run once more, which a reader of the output is told: a busy machine
 * can starve a browser. What fails twice has failed.
 */
const suites = [
  { name: 'unit', command: 'npm run --silent test:unit', limitMinutes: 5 },
  { name: 'connectors', command: 'npm run --silent test:connectors', limitMinutes: 20 },
  { name: 'hostile', command: 'npm run --silent test:hostile', limitMinutes: 5 },
  { name: 'faults', command: 'npm run --silent faults -- --short', limitMinutes: 10 },
  { name: 'vscode', command: 'npm run --silent test:vscode', limitMinutes: 8 },
  { name: 'ui', command: 'npm run --silent test:ui', limitMinutes: 14, again: 'mocha --timeout 120000' },
];

const total = { passed: 0, failed: 0, skipped: 0 };
await runAll();
const isFailure = total.failed > 0 || total.passed === 0 || (total.skipped > 0 && isContinuousIntegration());
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = isFailure ? 1 : 0;

async function runAll() {
  let missing;
  try {
    missing = setUp('tests');
  } catch (error) {
    say(error.message);
    total.failed++;
    return;
  }
  for (const each of missing) say(describeMissing(each));
  for (const step of steps) {
    const outcome = await run(step, {});
    if (outcome !== 'passed') total.failed++;
    if (outcome !== 'passed' && step.name === 'build') return;
  }
  for (const suite of suites) {
    if (missing.some((each) => each.suites.includes(suite.name))) skip(suite);
    else await runSuite(suite);
  }
}

function skip(suite) {
  say(`${suite.name}: skipped`);
  total.skipped++;
}

async function runSuite(suite) {
  let counts = await countSuite(suite);
  if (suite.again !== undefined && counts.failedFiles?.length > 0) {
    const { failedFiles } = counts;
    const files = failedFiles.map(({ file }) => file);
    say(`${suite.name}: once more, after a failure: ${files.map((file) => relative(root, file)).join(' ')}`);
    counts = minus(counts, failedFiles);
    counts = plus(
      counts,
      await countSuite({ ...suite, command: [suite.again, ...files.map((file) => JSON.stringify(file))].join(' ') }),
    );
  }
  total.passed += counts.passed;
  total.skipped += counts.skipped;
  total.failed += counts.failed;
}

/** Runs a suite. One that does not count its tests is one test; one that ends badly without naming a failed test counts it as failed. */
async function countSuite(suite) {
  const resultFile = join(root, 'out', 'results', `${suite.name}.json`);
  rmSync(resultFile, { force: true });
  const outcome = await run(suite, { DBBACKUP_TEST_RESULT: resultFile });
  const isCounted = existsSync(resultFile);
  if (!isCounted && outcome === 'passed') return { passed: 1, failed: 0, skipped: 0 };
  const counts = isCounted ? JSON.parse(readFileSync(resultFile, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  return outcome === 'passed' ? counts : { ...counts, failed: Math.max(1, counts.failed) };
}

function plus(counts, more) {
  return {
    passed: counts.passed + more.passed,
    failed: counts.failed + more.failed,
    skipped: counts.skipped + more.skipped,
  };
}

function minus(counts, files) {
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  return {
    passed: counts.passed - sum('passed'),
    failed: counts.failed - sum('failed'),
    skipped: counts.skipped - sum('skipped'),
  };
}

/** Runs a command with a time limit, after which it and all that it started is ended. */
async function run({ name, command, limitMinutes }, variables) {
  say(`${name} …`);
  const started = Date.now();
  const mark = randomUUID();
  const child = spawn(command, {
    cwd: root,
    env: { ...projectEnvironment(), ...variables, DBBACKUP_TEST_MARK: mark },
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  let outcome = 'failed';
  const timer = setTimeout(() => {
    outcome = 'too slow';
    endMarked(mark);
    child.kill('SIGKILL');
  }, limitMinutes * 60_000);
  const code = await new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', resolve);
  });
  clearTimeout(timer);
  endMarked(mark);
  if (code === 0) outcome = 'passed';
  say(
    `${name}: ${outcome === 'too slow' ? `not done after ${limitMinutes} min` : outcome} (${Math.round((Date.now() - started) / 1000)} s)`,
  );
  return outcome;
}

/** Ends every process that a suite has left, in whatever group. Linux only: elsewhere there are no environments to read. */
function endMarked(mark) {
  if (process.platform !== 'linux') return;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${id}/environ`, 'latin1').includes(mark)) process.kill(Number(id), 'SIGKILL');
    } catch {
      // It has ended, or is another user's.
    }
  }
}

function isContinuousIntegration() {
  return !['', '0', 'false', undefined].includes(process.env['CI']);
}

function say(line) {
  process.stdout.write(`== ${line}\n`);
}
