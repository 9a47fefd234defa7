#!/usr/bin/env node
// Stands in for a VS Code executable: takes the flags with which @vscode/test-electron starts one, runs the suite in
// VS Code's server and a browser, and ends with the suite's exit code. What VS Code prints goes to window.log beside
// the user data.
//
//   DBBACKUP_TEST_TRUST=asked     drops --disable-workspace-trust, which test-electron always passes
//   DBBACKUP_TEST_LIMIT_SECONDS   after this time the run has failed; 300 by default
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startCodeServer, workspaceQuery } from '../../scripts/codeServer.ts';
import { launchChromium } from './chromium.ts';
import { testOutputMark } from './testOutputMark.ts';

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: {
    extensionDevelopmentPath: { type: 'string', multiple: true },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
    'extensions-dir': { type: 'string' },
  },
});

process.exitCode = await runSuite();

async function runSuite(): Promise<number> {
  const folder = dirname(pathOf('user-data-dir'));
  const flags = ['--without-connection-token', '--enable-smoke-test-driver'];
  if (process.env['DBBACKUP_TEST_TRUST'] !== 'asked') flags.push('--disable-workspace-trust');
  const server = await startCodeServer({ folder, extensionsFolder: pathOf('extensions-dir'), flags });
  const home = join(folder, 'browser');
  mkdirSync(home, { recursive: true });
  const browser = await launchChromium(home);
  try {
    const page = await browser.newPage();
    const ended = Promise.withResolvers<number>();
    const fail = (reason: string): void => {
      process.stderr.write(`${reason}\n${server.output()}`);
      ended.resolve(1);
    };
    const limitSeconds = Number(process.env['DBBACKUP_TEST_LIMIT_SECONDS'] ?? 300);
    setTimeout(() => fail(`The suite was not done after ${limitSeconds} s.`), limitSeconds * 1000).unref();
    page.once('crash', () => fail('The page crashed.'));
    await page.exposeFunction('codeAutomationExit', (code: number) => ended.resolve(code));
    const log = createWriteStream(join(folder, 'window.log'));
    await page.exposeFunction('codeAutomationLog', (_kind: string, words: readonly unknown[]) => {
      const line = `${words.map(String).join(' ')}\n`;
      if (line.startsWith(testOutputMark)) process.stdout.write(line.slice(testOutputMark.length));
      else log.write(line);
    });
    await page.goto(pageAddress(server.authority));
    return await ended.promise;
  } finally {
    await browser.close();
    await server.stop();
  }
}

function pageAddress(authority: string): string {
  const remote = (path: string): string => `vscode-remote://${authority}${resolve(path)}`;
  const payload = [
    ...listOf('extensionDevelopmentPath').map((path) => ['extensionDevelopmentPath', remote(path)]),
    ['extensionTestsPath', remote(pathOf('extensionTestsPath'))],
  ];
  const query = workspaceQuery(positionals[0]);
  query.set('payload', JSON.stringify(payload));
  return `http://${authority}/?${query.toString()}`;
}

function pathOf(flag: string): string {
  const value = values[flag];
  if (typeof value !== 'string') throw new Error(`--${flag} is missing.`);
  return resolve(value);
}

function listOf(flag: string): string[] {
  const value = values[flag];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
