import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { splitStages, splitWords } from '../../src/core/shellWords.ts';
import { assembleCalls, isContainerPrefix, type CallParts, type ToolCall } from '../../src/core/toolCall.ts';

function calls(keys: Readonly<Record<string, unknown>>, change: Partial<CallParts> = {}): readonly ToolCall[] {
  const tool = { path: '/bin/tool', words: [] };
  return assembleCalls({ phase: 'dump', keys, tool, args: ['--own'], env: { OWN: '1', PW: 'x' }, secrets: ['PW'], ...change });
}

const argv = (keys: Readonly<Record<string, unknown>>, change: Partial<CallParts> = {}): string[][] =>
  calls(keys, change).map(({ program, args }) => [program, ...args]);

describe('words of a shell', () => {
  it('are split as a POSIX shell does, with nothing expanded, and lists are taken as they are', () => {
    assert.deepEqual(splitWords(`a  "b c" 'd "e' f\\ g $HOME * # x --é="1 2"`), [
      'a',
      'b c',
      'd "e',
      'f g',
      '$HOME',
      '*',
      '#',
      'x',
      '--é=1 2',
    ]);
    assert.deepEqual(splitWords(['a b', '"', '']), ['a b', '"', '']);
    assert.deepEqual(splitWords(''), []);
  });

  it('are split into stages at pipes outside quotes', () => {
    assert.deepEqual(splitStages(`--a 'x|y' | gzip -9 |tee "a | b" \\| c`), {
      words: ['--a', 'x|y'],
      stages: [
        ['gzip', '-9'],
        ['tee', 'a | b', '|', 'c'],
      ],
    });
    assert.deepEqual(splitStages('| gzip'), { words: [], stages: [['gzip']] });
    assert.deepEqual(splitStages(''), { words: [], stages: [] });
  });
});

describe('the calls of a tool', () => {
  it('begin with the prefix, then the program with its words, our arguments and the suffix', () => {
    assert.deepEqual(argv({}), [['/bin/tool', '--own']]);
    const keys = { DUMP_PREFIX: 'nice -n 10', DUMP_SUFFIX: '--x "a b"', RESTORE_PREFIX: 'ionice', RESTORE_SUFFIX: '--y' };
    const tool = { path: '/bin/tool', words: ['--flag'] };
    assert.deepEqual(argv(keys, { tool }), [['nice', '-n', '10', '/bin/tool', '--flag', '--own', '--x', 'a b']]);
    const behind = argv({ DUMP_SUFFIX: '--x | gzip' }, { operands: ['file'] });
    assert.deepEqual(behind, [['/bin/tool', '--own', '--x', 'file'], ['gzip']]);
    assert.deepEqual(argv(keys, { tool, phase: 'restore' }), [['ionice', '/bin/tool', '--flag', '--own', '--y']]);
  });

  it('X1: go through a program for every | of the suffix', () => {
    assert.deepEqual(argv({ DUMP_SUFFIX: '--x | gzip -9 | pv -q' }), [
      ['/bin/tool', '--own', '--x'],
      ['gzip', '-9'],
      ['pv', '-q'],
    ]);
  });

  it('get the connector’s variables, over them ENV, over it that of their phase', () => {
    const keys = { ENV: { OWN: '2', A: 'env', B: 'env' }, DUMP_ENV: { B: 'dump' }, RESTORE_ENV: { B: 'restore', OWN: '3' } };
    assert.deepEqual(calls(keys)[0]?.env, { OWN: '2', PW: 'x', A: 'env', B: 'dump' });
    assert.deepEqual(calls(keys, { phase: 'restore' })[0]?.env, { OWN: '3', PW: 'x', A: 'env', B: 'restore' });
    assert.deepEqual(calls({ ...keys, DUMP_SUFFIX: '| gzip' })[1]?.env, { OWN: '2', A: 'env', B: 'dump' });
  });

  it('hide the connector’s secrets and variables whose names say that they are', () => {
    assert.deepEqual(calls({ ENV: { MY_TOKEN: 'x', A: '' } })[0]?.secrets, ['PW', 'MY_TOKEN']);
  });

  it('inherit the environment unless USE_PARENT_ENV is false', () => {
    assert.equal(calls({})[0]?.inheritEnv, true);
    assert.equal(calls({ USE_PARENT_ENV: true })[0]?.inheritEnv, true);
    assert.equal(calls({ USE_PARENT_ENV: false })[0]?.inheritEnv, false);
  });

  it('name variables without their values to a container’s client, which gets the values in its environment', () => {
    const keys = { DUMP_PREFIX: 'nice docker compose -f a.yml exec -T db', ENV: { PGSSLMODE: 'require', DOCKER_HOST: 'x' } };
    const [call] = calls(keys, { tool: { path: 'tool', words: [] } });
    const words = [
      'docker',
      'compose',
      '-f',
      'a.yml',
      'exec',
      '-e',
      'OWN',
      '-e',
      'PW',
      '-e',
      'PGSSLMODE',
      '-T',
      'db',
      'tool',
      '--own',
    ];
    assert.deepEqual([call?.program, call?.args], ['nice', words]);
    assert.deepEqual(call?.env, { OWN: '1', PW: 'x', PGSSLMODE: 'require', DOCKER_HOST: 'x' });
    assert.equal(call.withoutParent, undefined);
  });

  it('leave paths of this machine out of a container, but not those that are written for it', () => {
    const change = { env: { CERT: '/here', KEY: '/here', OWN: '1' }, localFiles: ['CERT', 'KEY'] };
    const prefix = { DUMP_PREFIX: 'docker exec db', DUMP_ENV: { KEY: '/there' } };
    assert.deepEqual(calls(prefix, change)[0]?.env, { KEY: '/there', OWN: '1' });
    assert.deepEqual(calls({}, change)[0]?.env, change.env);
  });

  it('know the prefixes of containers', () => {
    for (const prefix of [
      'docker exec db',
      '/usr/bin/docker compose exec -T db',
      'sudo podman exec db',
      'docker-compose exec db',
    ]) {
      assert.ok(isContainerPrefix(prefix.split(' ')), prefix);
    }
    for (const prefix of ['', 'nice -n 10', 'docker run x', 'exec docker', 'ssh host']) {
      assert.ok(!isContainerPrefix(prefix.split(' ')), prefix);
    }
  });
});
