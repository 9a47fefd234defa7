import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  BaseCommandDBConnector,
  toolFailure,
  type CallInput,
  type ToolUse,
  type UsedTool,
} from '../../src/connectors/command.ts';
import type { DumpFacts, DumpOptions, OpenDump, Workspace } from '../../src/core/connector.ts';
import type { Database } from '../../src/core/database.ts';
import type { BackupError } from '../../src/core/errors.ts';
import type { Run } from '../../src/core/run.ts';
import { follow } from '../../src/dumps/follow.ts';
import type { StagesEnd } from '../../src/system/process.ts';
import { isRunning, until } from '../helpers/processes.ts';
import { makeRecordingTool, type RecordedCall, type RecordingTool } from '../helpers/recordingTool.ts';
import { recordingRun } from '../helpers/workspace.ts';
import { rejectsWith } from './contract.ts';

const dumpUse: ToolUse = { phase: 'dump', names: ['faketool'], commandKeys: ['DUMP_CMD'] };
const restoreUse: ToolUse = { phase: 'restore', names: ['faketool'], commandKeys: ['RESTORE_CMD'] };
const input: CallInput = {
  args: ['--own', 'a b'],
  env: { PGHOST: 'own', PGPASSWORD: 'own' },
  secrets: ['PGPASSWORD'],
  withoutParent: 'PG',
};

/** The smallest connector that runs a tool. */
class FakeConnector extends BaseCommandDBConnector {
  override readonly name = 'FakeConnector';
  override readonly format = 'fake';

  protected override uses(): readonly UsedTool[] {
    return [
      { use: dumpUse, inputFor: () => input },
      { use: restoreUse, inputFor: () => input },
    ];
  }

  protected override explainFailure(end: StagesEnd, tool: string): BackupError {
    return toolFailure(tool, end);
  }

  override async createDump(database: Database, path: string, _: DumpOptions, __: Workspace, run: Run): Promise<DumpFacts> {
    const tool = await this.resolveTool(database, dumpUse);
    const calls = await this.calls(database, dumpUse, tool, input);
    const end = await this.runTool(database, calls, { stdin: { kind: 'none' }, stdout: { kind: 'file', path } }, run);
    return {
      contents: { tables: [], objects: {} },
      serverVersion: '',
      tools: [tool.facts],
      warnings: end.stderr.split('\n').filter((line) => line !== ''),
    };
  }

  protected override async restoreDump(database: Database, dump: OpenDump, _: Workspace, run: Run): Promise<void> {
    const tool = await this.resolveTool(database, restoreUse);
    const calls = await this.calls(database, restoreUse, tool, input);
    await this.runTool(database, calls, { stdin: { kind: 'file', path: dump.path }, stdout: { kind: 'none' } }, run);
  }
}

describe('every setting of a connector that runs a tool, as the tool sees it', () => {
  let folder: string;
  let tool: RecordingTool;
  let parentEnv: NodeJS.ProcessEnv;
  const at = (...names: string[]): string => join(folder, ...names);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dbbackup-command-'));
    tool = makeRecordingTool(at('bin', 'faketool'), {
      version: 'faketool 3.1',
      script: 'console.log("dump of " + argv.join("|"))',
    });
    parentEnv = process.env;
    process.env = { ...parentEnv, PATH: `${at('bin')}:${parentEnv['PATH'] ?? ''}`, PARENT: 'parent', PGSERVICE: 'elsewhere' };
  });
  afterEach(() => {
    process.env = parentEnv;
    rmSync(folder, { recursive: true, force: true });
  });

  const database = (keys: Readonly<Record<string, unknown>>, tools: Readonly<Record<string, string>> = {}): Database => ({
    alias: 'default',
    engine: 'postgresql',
    connector: 'FakeConnector',
    keys: { NAME: 'shop', ...keys },
    folder: at('project'),
    scope: 'folder',
    target: { kind: 'server', engine: 'postgresql', host: 'localhost', port: 1, database: 'shop' },
    tools,
  });
  const connector = new FakeConnector();
  const dump = (keys: Readonly<Record<string, unknown>>, run: Run = recordingRun(), tools = {}): Promise<DumpFacts> =>
    connector.createDump(database(keys, tools), at('dump'), { purpose: 'manual', follow }, { scratch: folder }, run);
  async function restore(keys: Readonly<Record<string, unknown>>): Promise<void> {
    writeFileSync(at('old'), 'the dump');
    const opened: OpenDump = { path: at('old'), sizeBytes: 8, format: 'fake', origin: 'here' };
    const inspection = { exists: true, serverVersion: '', contents: { tables: [], objects: {} } };
    const prepared = await connector.prepareRestore(database(keys), opened, inspection, { scratch: folder }, recordingRun());
    await prepared.apply(recordingRun());
  }
  const only = (): RecordedCall => {
    const [call, ...others] = tool.calls();
    assert.ok(call !== undefined && others.length === 0);
    return call;
  };
  const own = { PGHOST: 'own', PGPASSWORD: 'own' };
  const inheritedNames = ['PATH', 'PARENT', 'PGSERVICE', 'HOME'];
  const envOf = ({ env }: RecordedCall): Record<string, string> =>
    Object.fromEntries(
      Object.entries(env).filter(([name]) => !(name in parentEnv) || inheritedNames.includes(name) || name in own),
    );

  it('without any: our arguments, our variables over the inherited ones, an empty stdin', async () => {
    await dump({});
    const { argv, stdin, env } = only();
    assert.deepEqual([argv, stdin], [['--own', 'a b'], '']);
    assert.deepEqual([env['PARENT'], env['PGHOST'], env['PGPASSWORD'], env['PGSERVICE']], ['parent', 'own', 'own', undefined]);
    assert.equal(env['PATH'], process.env['PATH']);
    assert.equal(readFileSync(at('dump'), 'utf8'), 'dump of --own|a b\n');
  });

  it('gives a restore the dump itself as stdin', async () => {
    await restore({});
    assert.deepEqual([only().argv, only().stdin], [['--own', 'a b'], 'the dump']);
  });

  it('DUMP_CMD and RESTORE_CMD: another program with words, as text or as a list, found on PATH or by its path', async () => {
    const other = makeRecordingTool(at('bin', 'other tool'));
    await dump({ DUMP_CMD: `'other tool' --flag "x y"`, RESTORE_CMD: 'nothing' });
    await dump({ DUMP_CMD: ['other tool', '--flag', 'x y'] });
    await dump({ DUMP_CMD: [other.path, '--flag', 'x y'] });
    await restore({ RESTORE_CMD: [other.path, '--flag', 'x y'], DUMP_CMD: 'nothing' });
    assert.deepEqual(
      other.calls().map(({ argv }) => argv),
      Array.from({ length: 4 }, () => ['--flag', 'x y', '--own', 'a b']),
    );
    assert.deepEqual(tool.calls(), []);
    await rejectsWith(dump({ DUMP_CMD: 'nothing' }), 'tool.missing');
  });

  it('DUMP_CMD of a workspace: found, but not run before somebody has looked at it', async () => {
    const trap = at('trap');
    writeFileSync(trap, `#!/bin/sh\ntouch '${at('sprung')}'\necho 'trap 1.0'\n`, { mode: 0o755 });
    const named = { ...database({ DUMP_CMD: [trap, '--flag'] }), keyScopes: { DUMP_CMD: 'folder' } } as const;
    const { tools, dump: calls } = await new FakeConnector().describe(named);
    assert.deepEqual(tools[0], { name: 'faketool', path: trap, version: '', why: 'named by DUMP_CMD' });
    assert.deepEqual([calls[0]?.program, calls[0]?.args], [trap, ['--flag', '--own', 'a b']]);
    assert.ok(!existsSync(at('sprung')));
    await new FakeConnector().describe({ ...named, keyScopes: { DUMP_CMD: 'user' } });
    assert.ok(existsSync(at('sprung')));
  });

  it('dbbackup.tools: the tool at that path', async () => {
    const mine = makeRecordingTool(at('elsewhere', 'mine'));
    const { tools } = await dump({}, recordingRun(), { faketool: mine.path });
    assert.deepEqual([tools[0]?.name, tools[0]?.path, mine.calls().length], ['faketool', mine.path, 1]);
    await rejectsWith(dump({}, recordingRun(), { faketool: at('gone') }), 'tool.missing');
  });

  it('DUMP_PREFIX and RESTORE_PREFIX: words before the program, each in its phase', async () => {
    const prefix = makeRecordingTool(at('bin', 'before'), {
      script: `process.exitCode = require('node:child_process').spawnSync(argv[2], argv.slice(3), { stdio: 'inherit' }).status`,
    });
    await dump({ DUMP_PREFIX: `before -n "1 0"`, RESTORE_PREFIX: 'nothing' });
    assert.deepEqual(prefix.calls()[0]?.argv, ['-n', '1 0', tool.path, '--own', 'a b']);
    assert.deepEqual(only().argv, ['--own', 'a b']);
    await restore({ RESTORE_PREFIX: 'before -n 2', DUMP_PREFIX: 'nothing' });
    assert.deepEqual(prefix.calls()[1]?.argv, ['-n', '2', tool.path, '--own', 'a b']);
    await rejectsWith(dump({ DUMP_PREFIX: 'nothing' }), 'tool.missing');
  });

  it('X1: DUMP_SUFFIX and RESTORE_SUFFIX: further arguments and real pipes, each in its phase', async () => {
    const stage = makeRecordingTool(at('bin', 'stage'), { script: 'process.stdout.write(stdin.toString().toUpperCase())' });
    await dump({ DUMP_SUFFIX: `--more 'c | d' | stage -1 | stage "2 2"`, RESTORE_SUFFIX: '--nothing' });
    assert.deepEqual(only().argv, ['--own', 'a b', '--more', 'c | d']);
    assert.deepEqual(
      stage.calls().map(({ argv, stdin }) => [argv, stdin]),
      [
        [['-1'], 'dump of --own|a b|--more|c | d\n'],
        [['2 2'], 'DUMP OF --OWN|A B|--MORE|C | D\n'],
      ],
    );
    assert.equal(readFileSync(at('dump'), 'utf8'), 'DUMP OF --OWN|A B|--MORE|C | D\n');
    await restore({ RESTORE_SUFFIX: '--last | stage', DUMP_SUFFIX: '--nothing' });
    assert.deepEqual(tool.calls()[1]?.argv, ['--own', 'a b', '--last']);
    makeRecordingTool(at('bin', 'fails'), { script: 'process.exitCode = 1' });
    await rejectsWith(dump({ DUMP_SUFFIX: '| fails' }), 'tool.failed');
    await rejectsWith(dump({ DUMP_SUFFIX: '| nothing' }), 'tool.missing');
  });

  it('ENV, DUMP_ENV and RESTORE_ENV: over ours and over the inherited ones, each in its phase', async () => {
    const keys = {
      ENV: { PARENT: 'env', PGHOST: 'env', PGSERVICE: 'env', A: 'env' },
      DUMP_ENV: { A: 'dump', D: '' },
      RESTORE_ENV: { A: 'restore', PGPASSWORD: 'restore' },
    };
    await dump(keys);
    await restore(keys);
    const [first, second] = tool
      .calls()
      .map(({ env }) =>
        Object.fromEntries(['PARENT', 'PGHOST', 'PGPASSWORD', 'PGSERVICE', 'A', 'D'].map((name) => [name, env[name]])),
      );
    const common = { PARENT: 'env', PGHOST: 'env', PGSERVICE: 'env' };
    assert.deepEqual(first, { ...common, PGPASSWORD: 'own', A: 'dump', D: '' });
    assert.deepEqual(second, { ...common, PGPASSWORD: 'restore', A: 'restore', D: undefined });
  });

  it('USE_PARENT_ENV false: only ours, ENV and that of the phase; the program is still found', async () => {
    await dump({ USE_PARENT_ENV: false, ENV: { A: '1' }, DUMP_ENV: { B: '2' } });
    const { DBBACKUP_CALL: marker, ...env } = only().env;
    assert.ok(marker);
    assert.deepEqual(env, { ...own, A: '1', B: '2' });
    assert.equal(envOf(only())['PARENT'], undefined);
  });

  it('a container’s prefix: names of variables as arguments, values only in the environment of its client', async () => {
    const docker = makeRecordingTool(at('bin', 'docker'), { script: 'console.log("from the container")' });
    await dump({ DUMP_PREFIX: 'docker compose exec -T db', ENV: { A: '1' } });
    const [call] = docker.calls();
    assert.deepEqual(call?.argv, [
      ...['compose', 'exec', '-e', 'PGHOST', '-e', 'PGPASSWORD', '-e', 'A', '-T', 'db'],
      ...['faketool', '--own', 'a b'],
    ]);
    assert.deepEqual([call.env['PGPASSWORD'], call.env['A']], ['own', '1']);
    assert.deepEqual(tool.calls(), []);
  });

  it('describes both phases as they run, with secrets named, and a missing tool at its key', async () => {
    const keys = { DUMP_SUFFIX: '| cat', ENV: { A: '1' }, RESTORE_CMD: 'nothing' };
    const { tools, dump: calls, restore: none, problems } = await connector.describe(database(keys));
    assert.deepEqual(tools, [{ name: 'faketool', path: tool.path, version: '3.1', why: 'the only one found' }]);
    assert.deepEqual([calls[0]?.program, calls[0]?.args, calls[0]?.secrets], [tool.path, ['--own', 'a b'], ['PGPASSWORD']]);
    assert.match(calls[1]?.program ?? '', /^\/.*\/cat$/);
    assert.deepEqual(none, []);
    assert.deepEqual(
      problems.map(({ key, code }) => [key, code]),
      [['RESTORE_CMD', 'tool.missing']],
    );
  });

  it('X2: keeps the warnings of a run that went well', async () => {
    makeRecordingTool(at('bin', 'warns'), { script: 'console.error("careful"); console.log("x")' });
    assert.deepEqual((await dump({ DUMP_CMD: 'warns' })).warnings, ['careful']);
  });

  it('fails with the last line of a tool that fails, and keeps all of it for the log', async () => {
    makeRecordingTool(at('bin', 'fails'), { script: 'console.error("one\\ntwo"); process.exitCode = 4' });
    const run = recordingRun();
    await rejectsWith(dump({ DUMP_CMD: 'fails' }, run), 'tool.failed');
    assert.ok(run.lines.some((line) => line.includes('one\ntwo')));
  });

  it('leaves no process of a cancelled run', async () => {
    const script = `require('node:fs').writeFileSync(${JSON.stringify(at('pid'))}, String(process.pid)); setInterval(() => undefined, 1000)`;
    makeRecordingTool(at('bin', 'endless'), { script });
    const controller = new AbortController();
    const running = dump({ DUMP_CMD: 'endless' }, { ...recordingRun(), signal: controller.signal });
    const pid = (): number => Number(readFileSync(at('pid'), 'utf8'));
    await until(() => {
      try {
        return pid() > 0;
      } catch {
        return false;
      }
    }, 'the tool');
    controller.abort(new DOMException('cancelled', 'AbortError'));
    await assert.rejects(running, { name: 'AbortError' });
    await until(() => !isRunning(pid()), 'its end');
  });
});
