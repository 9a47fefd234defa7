import { Command, CommanderError } from 'commander';
import { BackupError, isCancellation, toFailure, type ErrorCode } from '../core/errors.ts';
import { backUp, clean, list, listDatabases, recover, restore, verify, type CommandContext } from './commands.ts';
import { createOutput } from './output.ts';
import { openSession } from './session.ts';

const done = 0;
const failed = 1;
const usage = 2;
const refused = 3;
const interrupted = 130;

interface GlobalOptions {
  readonly workspace: string;
  readonly settings?: string;
  readonly json: boolean;
  readonly untrusted: boolean;
}

/**
 * Runs the command line and answers with its exit code.
 *
 * Shape: `argv` without node and script. 0 done, 1 failed, 2 settings or usage, 3 refused for safety, 130 cancelled.
 */
export async function runCommandLine(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let code = done;
  const program = new Command('dbbackup')
    .description('Backs up and restores the databases of a workspace.')
    .exitOverride()
    .showHelpAfterError('(dbbackup --help says more)')
    .option('--workspace <dir>', 'folder that holds .vscode/settings.json', '.')
    .option('--settings <file>', 'another settings file; machine settings count there too')
    .option('--json', 'one JSON object per line on stdout, nothing else', false)
    .option('--untrusted', 'allow list and verify only', false);

  const action = (name: string, work: (context: CommandContext) => Promise<void>) => async (): Promise<void> => {
    code = await guarded(name, program.opts<GlobalOptions>(), signal, work);
  };

  program
    .command('databases')
    .description('show the databases, their connectors and problems')
    .action(action('databases', listDatabases));
  const backupCommand = program.command('backup').argument('[alias...]').description('back up databases');
  backupCommand.option('--all', 'every database of the settings', false);
  backupCommand.action((aliases: string[], options: { all: boolean }) =>
    action('backup', (context) => backUp(aliases, options, context))(),
  );
  program
    .command('restore')
    .argument('[alias]')
    .description('restore a database; the newest dump unless --dump names one')
    .option('--dump <file>', 'a path, or a file name in the dump directory')
    .option('--yes', 'replace the rows without asking', false)
    .option('--target <name>', 'the database name, needed as well when its host is another machine')
    .option('--no-safety-backup', 'make no safety dump first: there is no way back')
    .action((alias: string | undefined, options: { dump?: string; yes: boolean; target?: string; safetyBackup: boolean }) =>
      action('restore', (context) => restore(alias, { dump: undefined, target: undefined, ...options }, context))(),
    );
  program
    .command('list')
    .argument('[alias]')
    .description('list dumps and their state, newest first')
    .action((alias: string | undefined) => action('list', (context) => list(alias, context))());
  program
    .command('verify')
    .argument('[file...]')
    .description('read every byte of dumps; all of them when none is named')
    .action((files: string[]) => action('verify', (context) => verify(files, context))());
  program
    .command('clean')
    .argument('[alias]')
    .description('delete old dumps beyond dbbackup.cleanupKeep')
    .action((alias: string | undefined) => action('clean', (context) => clean(alias, context))());
  program
    .command('recover')
    .description('roll interrupted restores back')
    .option('--yes', 'do it; without it, only say what would be done', false)
    .action(action('recover', recover));

  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);

  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return done;
    const failure = {
      code: 'usage.invalid' as const,
      sentence: error.message.replace(/^error: /, ''),
      hint: 'dbbackup --help says more.',
    };
    if (argv.includes('--json')) createOutput(true).failed(failure, undefined);
    return usage;
  }
}

async function guarded(
  name: string,
  options: GlobalOptions,
  signal: AbortSignal,
  work: (context: CommandContext) => Promise<void>,
): Promise<number> {
  const output = createOutput(options.json);
  let alias: string | undefined;
  try {
    if (options.untrusted && name !== 'list' && name !== 'verify') throw untrusted(name);
    const session = await openSession(options.workspace, options.settings);
    await work({ session, output, signal, working: (of) => void (alias = of) });
    output.done();
    return done;
  } catch (error) {
    if (isCancellation(error)) {
      output.failed({ code: 'job.cancelled', sentence: 'Cancelled.', hint: 'Nothing was changed.' }, alias);
      return interrupted;
    }
    const failure = toFailure(error);
    output.failed(failure, alias);
    return exitCodeOf(failure.code);
  }
}

function untrusted(name: string): BackupError {
  return new BackupError('trust.restricted', `dbbackup ${name} does not run on a workspace that is not trusted.`, {
    hint: 'Look at its settings, then run it without --untrusted.',
  });
}

function exitCodeOf(code: ErrorCode): number {
  if (/^(settings|usage|node|connector)\./.test(code)) return usage;
  return code === 'restore.notConfirmed' || code === 'trust.restricted' ? refused : failed;
}
