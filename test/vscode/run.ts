// Runs the suites of this folder inside a real VS Code: `node test/vscode/run.ts [--desktop] [suite…]`.
// Each suite is a folder with *.test.ts files and gets a VS Code and a workspace of its own. With --desktop,
// @vscode/test-electron downloads a desktop VS Code instead of the one that `scripts/setup.mjs tests` installed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { writeSettings } from '../../scripts/codeServer.ts';
import { addCounts, readSuiteCounts, writeSuiteCounts, type SuiteCounts } from '../helpers/suiteCounts.ts';
import { suites, type Suite } from './suites.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'out', 'test');
const executable = join(root, 'test', 'helpers', 'vscodeExecutable.ts');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { desktop: { type: 'boolean', default: false } } });

// test-electron switches workspace trust off on a desktop VS Code, so there is no Restricted Mode to test there.
const possible = suites.filter(({ trust }) => !values.desktop || trust === 'granted');
const chosen = possible.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
await bundleTests();
let total: SuiteCounts = { passed: 0, failed: 0, skipped: 0 };
for (const suite of chosen) total = addCounts(total, await runSuite(suite));
writeSuiteCounts(total);
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped in VS Code\n`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** The extension host loads CommonJS: each test file becomes one bundle, what comes from npm stays outside. */
async function bundleTests(): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  await build({
    entryPoints: ['index.ts', ...chosen.map(({ name }) => `${name}/*.test.ts`)].map((path) => join(root, 'test', 'vscode', path)),
    outdir: output,
    outbase: join(root, 'test', 'vscode'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    packages: 'external',
    sourcemap: 'inline',
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: 'const bundleUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: 'warning',
  });
}

/** Runs one suite in a fresh profile, which is kept for a look when something failed. */
async function runSuite(suite: Suite): Promise<SuiteCounts> {
  process.stdout.write(`\n${suite.name}: ${suite.what}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'dbbackup-vscode-'));
  const result = join(folder, 'result.json');
  const workspace = suite.makeWorkspace(join(folder, 'workspace'));
  writeSettings(folder, suite.userSettings ?? {}, suite.machineSettings ?? {});
  const exitedWell = await runTests({
    ...(values.desktop ? {} : { vscodeExecutablePath: executable }),
    extensionDevelopmentPath: root,
    extensionTestsPath: join(output, 'index.js'),
    launchArgs: [
      ...(workspace === undefined ? [] : [workspace]),
      `--user-data-dir=${join(folder, 'user-data')}`,
      `--extensions-dir=${join(folder, 'extensions')}`,
    ],
    extensionTestsEnv: {
      DBBACKUP_TEST_SUITE: join(output, suite.name),
      DBBACKUP_TEST_RESULT: result,
      DBBACKUP_TEST_TRUST: suite.trust,
      DBBACKUP_STATE: join(folder, 'state'),
      // The executable is a script: its `node` must be this one.
      PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    },
  }).then(
    () => true,
    () => false,
  );
  const counts = readSuiteCounts(result);
  if (exitedWell && counts.failed === 0) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    return counts;
  }
  process.stdout.write(`Kept for a look: ${folder} (window.log holds what VS Code printed)\n`);
  return counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
