#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { createOutput } from './cli/output.ts';
import { codeCachePath, stateDirectoryPath } from './core/stateDirectory.ts';

/** Entry of the command line: the right Node, then the program. better-sqlite3 needs Node 22 and crashes on older ones; zstd came with 22.15. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 15)) {
  void run();
} else {
  runWithNewerNode();
}

async function run(): Promise<void> {
  const state = stateDirectoryPath({ platform: process.platform, home: homedir(), env: process.env });
  const cache = codeCachePath(state, statSync, process.getuid?.());
  if (cache !== undefined) {
    enableCompileCache(cache);
    // For the SQLite thread.
    process.env['NODE_COMPILE_CACHE'] = cache;
  }
  const { runCommandLine } = await import('./cli/program.ts');
  const cancelled = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => cancelled.abort());
  process.exitCode = await runCommandLine(process.argv.slice(2), cancelled.signal);
  if (cancelled.signal.aborted) process.exit();
}

/** In a checkout the project's own Node is beside us; elsewhere there is only the one on PATH. */
function runWithNewerNode(): void {
  const newer = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(newer)) {
    const sentence = `dbbackup needs Node 22.15 or newer, and this is ${process.versions.node}.`;
    const failure = { code: 'node.tooOld' as const, sentence, hint: 'Install a newer Node, and put it first on PATH.' };
    createOutput(process.argv.includes('--json')).failed(failure, undefined);
    process.exitCode = 2;
    return;
  }
  const child = spawn(newer, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => void (process.exitCode = code ?? 1));
}
