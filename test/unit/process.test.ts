import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runProcess, type ProcessCall } from '../../src/system/process.ts';

const idle = new AbortController().signal;

function node(script: string, ...args: readonly string[]): ProcessCall {
  return { program: process.execPath, args: ['-e', script, ...args], env: {}, inheritEnv: true, stdin: 'none' };
}

describe('running a program', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'dbbackup-process-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('passes arguments as they are and gives the exit code and what was said', async () => {
    const words = ['a b', '"', '$HOME', '*', '', '--x=é'];
    const script = 'process.stderr.write(JSON.stringify(process.argv.slice(1))); process.exitCode = 3';
    const end = await runProcess(node(script, ...words), idle);
    assert.deepEqual([end.exitCode, end.signal, JSON.parse(end.stderr)], [3, undefined, words]);
  });

  it('gives the program only the environment it was given, when asked to', async () => {
    const call = node('process.stderr.write(Object.keys(process.env).sort().join())');
    const end = await runProcess({ ...call, inheritEnv: false, env: { ONLY: '1' } }, idle);
    assert.equal(end.stderr, 'ONLY');
  });

  it('keeps the end of what a program says, and makes control characters visible', async () => {
    const end = await runProcess(node(`process.stderr.write('x'.repeat(30_000_000) + '\\u001b[31m\\u202eend\\n')`), idle);
    assert.equal(Buffer.byteLength(end.stderr) < 66_000, true);
    assert.match(end.stderr, /\\u\{1b\}\[31m\\u\{202e\}end\n$/);
  });

  it('throws the reason of a cancel after every process of the group has ended, stubborn ones too', async () => {
    const pidFile = join(folder, 'pids');
    const stubborn = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);`;
    const script = `${stubborn}
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'ignore' });
      require('node:fs').writeFileSync(process.argv[1], process.pid + ' ' + child.pid + ' ');`;
    const controller = new AbortController();
    const running = runProcess(node(script, pidFile), controller.signal);
    const pids = await waitFor(async () => (await readFile(pidFile, 'utf8')).match(/\d+(?= )/g));
    const reason = new Error('cancelled');
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    await waitFor(() => Promise.resolve(pids.every((pid) => !isAlive(Number(pid)))));
  });

  it('does not start a program for a run that is cancelled already', async () => {
    const file = join(folder, 'started');
    await assert.rejects(runProcess(node('require("node:fs").writeFileSync(process.argv[1], "")', file), AbortSignal.abort()));
    await assert.rejects(readFile(file));
  });

  it('throws the error of the system when there is no such program', async () => {
    await assert.rejects(runProcess({ ...node(''), program: join(folder, 'nothing') }, idle), { code: 'ENOENT' });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitFor<T>(look: () => Promise<T | null | false>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await look().catch(() => null);
    if (found !== null && found !== false) return found;
    if (Date.now() > deadline) throw new Error('It did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
