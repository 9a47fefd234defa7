import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BackupError } from '../../src/core/errors.ts';
import type { ToolCall } from '../../src/core/toolCall.ts';
import { runStages, type StagesIo } from '../../src/system/process.ts';
import { isRunning, until } from '../helpers/processes.ts';

const idle = new AbortController().signal;
const quiet: StagesIo = { stdin: { kind: 'none' }, stdout: { kind: 'none' } };
const hasCode = (code: string) => (error: unknown) => error instanceof BackupError && error.code === code;

function node(script: string, ...args: readonly string[]): ToolCall {
  return { program: process.execPath, args: ['-e', script, ...args], env: {}, secrets: [], inheritEnv: true };
}

const upper = node(`process.stdin.on('data', (d) => process.stdout.write(d.toString().toUpperCase()))`);

describe('running a tool with its stages', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'dbbackup-stages-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string): string => join(folder, name);

  it('X1: connects the stages by pipes, from a file to a file', async () => {
    writeFileSync(file('in'), 'abc'.repeat(100_000));
    const io: StagesIo = { stdin: { kind: 'file', path: file('in') }, stdout: { kind: 'file', path: file('out') } };
    const cat = node('process.stdin.pipe(process.stdout)');
    const end = await runStages([cat, upper, cat], io, idle);
    assert.deepEqual([end.isSuccess, end.exitCode, end.stage], [true, 0, 2]);
    assert.equal(readFileSync(file('out'), 'utf8'), 'ABC'.repeat(100_000));
    assert.equal(statSync(file('out')).mode & 0o777, 0o600);
  });

  it('reads and writes streams, and lines', async () => {
    const writable = new PassThrough();
    const chunks: Buffer[] = [];
    writable.on('data', (chunk: Buffer) => void chunks.push(chunk));
    await runStages(
      [upper],
      { stdin: { kind: 'stream', readable: Readable.from(['ab', 'cd']) }, stdout: { kind: 'stream', writable } },
      idle,
    );
    assert.equal(Buffer.concat(chunks).toString(), 'ABCD');
    const lines: string[] = [];
    const said: string[] = [];
    await runStages(
      [node('console.log("é1\\n2"); process.stdout.write("3"); console.error("e1\\ne2")')],
      {
        ...quiet,
        stdout: { kind: 'lines', onLine: (line) => void lines.push(line) },
        onStderrLine: (line) => void said.push(line),
      },
      idle,
    );
    assert.deepEqual(
      [lines, said],
      [
        ['é1', '2', '3'],
        ['e1', 'e2'],
      ],
    );
  });

  it('fails with the stage that failed first, whatever the others say', async () => {
    const cat = node('process.stdin.pipe(process.stdout)');
    const fails = node('console.error("no"); process.exitCode = 3');
    const middle = await runStages(
      [node('setInterval(() => process.stdout.write("x".repeat(9999)), 1)'), fails, cat],
      quiet,
      idle,
    );
    assert.deepEqual([middle.isSuccess, middle.exitCode, middle.stage, middle.stderr], [false, 3, 1, 'no\n']);
    const first = await runStages([fails, cat], quiet, idle);
    assert.deepEqual([first.isSuccess, first.exitCode, first.stage], [false, 3, 0]);
    assert.equal((await runStages([fails], { ...quiet, okExitCodes: [0, 3] }, idle)).isSuccess, true);
    const killed = await runStages([node('process.kill(process.pid, "SIGKILL")')], quiet, idle);
    assert.deepEqual([killed.isSuccess, killed.exitCode, killed.signal], [false, undefined, 'SIGKILL']);
  });

  it('gives each stage its own environment, without what the editor or the caller’s settings exclude', async () => {
    const parent = { VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '', PGSERVICE: 'x', KEPT: '1' };
    const before = { ...process.env };
    Object.assign(process.env, parent);
    const seen = async (change: Partial<ToolCall>): Promise<string[]> => {
      const out = file('env');
      rmSync(out, { force: true });
      await runStages(
        [{ ...node('console.log(Object.keys(process.env).join())'), ...change }],
        { ...quiet, stdout: { kind: 'file', path: out } },
        idle,
      );
      return readFileSync(out, 'utf8').trim().split(',');
    };
    try {
      const all = await seen({ env: { PGHOST: 'h' }, withoutParent: 'PG' });
      assert.deepEqual(
        [...Object.keys(parent), 'PGHOST'].filter((name) => all.includes(name)),
        ['KEPT', 'PGHOST'],
      );
      assert.deepEqual((await seen({ env: { ONLY: '1' }, inheritEnv: false })).toSorted(), ['DBBACKUP_CALL', 'ONLY']);
    } finally {
      process.env = before;
    }
  });

  it('leaves no process after a cancel, stubborn ones and those of other groups included', async () => {
    const stubborn = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);`;
    const script = `${stubborn}
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'ignore', detached: true });
      require('node:fs').writeFileSync(process.argv[1], process.pid + ' ' + child.pid + ' .');`;
    const controller = new AbortController();
    const running = runStages([node(script, file('pids')), node(stubborn)], quiet, controller.signal);
    await until(() => existsSync(file('pids')) && readFileSync(file('pids'), 'utf8').endsWith('.'), 'the processes');
    const pids = (readFileSync(file('pids'), 'utf8').match(/\d+/g) ?? []).map(Number);
    const reason = new Error('cancelled');
    const started = performance.now();
    controller.abort(reason);
    await assert.rejects(running, (error) => error === reason);
    assert.ok(performance.now() - started < 3000);
    await until(() => !pids.some(isRunning), 'their end');
    await assert.rejects(runStages([node('')], quiet, AbortSignal.abort(reason)), (error) => error === reason);
  });

  it('takes a tool that does not read its input to the end for one that went well', async () => {
    const readable = Readable.from(
      (function* () {
        for (let part = 0; part < 500; part += 1) yield Buffer.alloc(65_536);
      })(),
    );
    const end = await runStages([node('process.exitCode = 0')], { ...quiet, stdin: { kind: 'stream', readable } }, idle);
    assert.equal(end.isSuccess, true);
  });

  it('leaves no process when the consumer of its output fails', async () => {
    const writable = new PassThrough();
    const broken = new Error('full');
    writable.once('data', () => writable.destroy(broken));
    const endless = node('setInterval(() => process.stdout.write("x".repeat(9999)), 1)');
    await assert.rejects(
      runStages([endless], { ...quiet, stdout: { kind: 'stream', writable } }, idle),
      (error) => error === broken,
    );
  });

  it('ends a tool that says nothing at all, and leaves one that does', async () => {
    const mute = node('setInterval(() => undefined, 1000)');
    await assert.rejects(runStages([mute], { ...quiet, firstByteMs: 300 }, idle), hasCode('tool.silent'));
    const out: StagesIo = { ...quiet, stdout: { kind: 'file', path: file('out') }, firstByteMs: 1500 };
    assert.equal((await runStages([node('console.log(1); setTimeout(() => undefined, 2000)')], out, idle)).isSuccess, true);
  });

  it('says how far a tool has read its input, or a file that it opens by itself', async function () {
    if (process.platform !== 'linux') this.skip();
    writeFileSync(file('in'), 'x'.repeat(5000));
    const reading = (descriptor: string): ToolCall =>
      node(
        `const fs = require('node:fs'); fs.readSync(${descriptor}, Buffer.alloc(1000));
        setInterval(() => fs.existsSync(process.argv[1]) && process.exit(0), 20)`,
        file('seen'),
        file('in'),
      );
    for (const [descriptor, stdin] of [
      ['0', { kind: 'file', path: file('in') }],
      ['fs.openSync(process.argv[2])', { kind: 'none' }],
    ] as const) {
      let position = 0;
      const onPosition = (doneBytes: number): void => {
        position = doneBytes;
        if (position > 0) writeFileSync(file('seen'), '');
      };
      const io: StagesIo = { ...quiet, stdin, reading: { path: file('in'), onPosition } };
      const end = await runStages([reading(descriptor)], io, AbortSignal.timeout(10_000));
      assert.deepEqual([end.isSuccess, position], [true, 1000]);
      rmSync(file('seen'));
    }
  });

  it('says which program is not there', async () => {
    await assert.rejects(runStages([{ ...node(''), program: file('nothing') }], quiet, idle), hasCode('tool.missing'));
  });

  it('keeps the end of a flood of errors, and little of it', async () => {
    const end = await runStages([node(`process.stderr.write('x'.repeat(30_000_000) + 'end')`)], quiet, idle);
    assert.ok(end.stderr.length < 66_000 && end.stderr.endsWith('end'));
  });

  it('ends its tool when it is killed itself', function () {
    if (process.platform !== 'linux') this.skip();
    const source = new URL('../../src/system/process.ts', import.meta.url).href;
    const mute = `require('node:fs').writeFileSync(process.argv[1], String(process.pid)); setInterval(() => undefined, 1000)`;
    const call = JSON.stringify(node(mute, file('pid')));
    const parent = `const { runStages } = await import(${JSON.stringify(source)});
      const { existsSync } = await import('node:fs');
      void runStages([${call}], { stdin: { kind: 'none' }, stdout: { kind: 'none' } }, new AbortController().signal);
      setInterval(() => { if (existsSync(${JSON.stringify(file('pid'))})) process.kill(process.pid, 'SIGKILL'); }, 20);`;
    spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', parent]);
    const pid = Number(readFileSync(file('pid'), 'utf8'));
    return until(() => !isRunning(pid), 'the tool to end');
  });
});
