import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { BackupError, isCancellation, toFailure } from '../core/errors.ts';
import type { Database } from '../core/database.ts';
import type { DumpEntry } from '../core/dumpEntry.ts';
import type { JobRequest, ResultOf } from '../core/job.ts';
import type { Question, Run } from '../core/run.ts';
import { durationText, localTimeText, sizeText } from '../core/words.ts';
import { newestRestorable } from '../core/retention.ts';
import { assignDumps, listDumps } from '../dumps/catalog.ts';
import { perform } from '../perform.ts';
import { databaseLine } from './databaseLine.ts';
import { progressLine, type Output } from './output.ts';
import { previewText } from './previewText.ts';
import { allDatabases, chooseDatabases, type Session } from './session.ts';

/** What a command is given: where it works, how it speaks, when it must stop. */
export interface CommandContext {
  readonly session: Session;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Told which database is being worked on, so that a failure can name it. */
  working(alias: string): void;
}

export async function listDatabases(context: CommandContext): Promise<void> {
  const { settings, stateDirectory } = context.session;
  const request = { kind: 'describe' as const, databases: [...settings.databases], stateDirectory };
  const { databases } = await runJob(request, context);
  for (const alias of settings.aliases) {
    const { fields, sentence } = databaseLine(alias, settings, databases);
    context.output.line(fields, sentence);
  }
  for (const { path, message } of settings.problems) context.output.remark(`${path.join('.')}: ${message}`);
}

/** Backs up each database in turn; one that fails does not keep the others from it. Errors: the first failure, after all are done. */
export async function backUp(
  aliases: readonly string[],
  options: { readonly all: boolean },
  context: CommandContext,
): Promise<void> {
  const databases = options.all ? allDatabases(context.session) : chooseDatabases(context.session, aliases);
  const failures: { readonly alias: string; readonly error: unknown }[] = [];
  for (const database of databases) {
    context.working(database.alias);
    try {
      await backUpOne(database, context);
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (failures.length > 0) context.output.remark(`${database.alias}: ${toFailure(error).sentence}`);
      failures.push({ alias: database.alias, error });
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  context.working(first.alias);
  throw first.error;
}

async function backUpOne(database: Database, context: CommandContext): Promise<void> {
  const { settings, stateDirectory, git } = context.session;
  const result = await runJob({ kind: 'backup', database, dumps: settings.dumps, stateDirectory, ...(git && { git }) }, context);
  const { alias, connector, sizeBytes, sha256, durationMs, verification, warnings } = result;
  const file = shownPath(result.file, context.session);
  for (const warning of warnings) context.output.remark(`Warning: ${warning}`);
  const facts = `${sizeText(sizeBytes)}, ${durationText(durationMs)}`;
  context.output.line(
    { alias, connector, file, sizeBytes, sha256, durationMs, verification },
    `Backed up ${alias} to ${file} (${facts}).`,
  );
}

export interface RestoreOptions {
  readonly dump: string | undefined;
  readonly yes: boolean;
  readonly safetyBackup: boolean;
  readonly target: string | undefined;
}

export async function restore(alias: string | undefined, options: RestoreOptions, context: CommandContext): Promise<void> {
  const { settings, stateDirectory, git } = context.session;
  const [database] = chooseDatabases(context.session, alias === undefined ? [] : [alias]);
  if (database === undefined) return;
  context.working(database.alias);
  const dump = options.dump === undefined ? await newestDump(database, context.session) : dumpPath(options.dump, context.session);
  const dumps = { ...settings.dumps, safetyBackup: settings.dumps.safetyBackup && options.safetyBackup };
  const request = { kind: 'restore' as const, database, dump, dumps, stateDirectory, ...(git && { git }) };
  const result = await runJob(request, context, (question) => answer(question, options, context.output));
  const file = shownPath(result.file, context.session);
  const safetyFile = result.safetyFile === undefined ? undefined : shownPath(result.safetyFile, context.session);
  for (const warning of result.warnings) context.output.remark(`Warning: ${warning}`);
  const { connector, durationMs } = result;
  context.output.line(
    { alias: result.alias, connector, file, ...(safetyFile === undefined ? {} : { safetyFile }), durationMs },
    `Restored ${result.alias} from ${file} (${durationText(durationMs)}).`,
  );
  if (safetyFile !== undefined) context.output.remark(`To undo: dbbackup restore ${result.alias} --dump ${safetyFile} --yes`);
}

/** `--yes` answers a question; a target on another machine must be named as well. */
function answer(question: Question, options: RestoreOptions, output: Output): boolean {
  if (question.kind === 'proceed') output.remark(`${question.title} ${question.detail}`);
  if (question.kind !== 'confirmRestore') return options.yes;
  const { preview } = question;
  if (options.yes && (!preview.isRemote || options.target === preview.typeToConfirm)) return true;
  output.remark(previewText(preview));
  if (options.yes) output.remark(`The target is on another machine: add --target ${preview.typeToConfirm ?? preview.target}`);
  return false;
}

async function newestDump(database: Database, session: Session): Promise<string> {
  const newest = newestRestorable(await dumpsOf(database.alias, session));
  if (newest !== undefined) return newest.file;
  throw new BackupError('dumps.none', `There is no dump of ${database.alias} to restore.`, {
    hint: `Back it up first, or name a file with --dump.`,
  });
}

/** A path relative to the current folder or, as our own lines name it, to the workspace; or the name of a file in the dump directory. */
function dumpPath(name: string, { folder, settings }: Session): string {
  const places = [resolve(name), resolve(folder, name)];
  return places.find((path) => existsSync(path)) ?? resolve(settings.dumps.directory, name);
}

export async function list(alias: string | undefined, context: CommandContext): Promise<void> {
  if (alias !== undefined) chooseDatabases(context.session, [alias]);
  const entries = alias === undefined ? await entriesOf(context.session) : await dumpsOf(alias, context.session);
  for (const { manifest, sizeBytes, createdUtc, kind, state, origin, ...entry } of entries) {
    const file = shownPath(entry.file, context.session);
    const { connector, sha256 } = manifest ?? {};
    const fields = { alias: entry.alias, connector, file, createdUtc, sizeBytes, sha256, kind, state, origin };
    context.output.line(
      fields,
      [localTimeText(createdUtc), entry.alias ?? '-', sizeText(sizeBytes), kind, state, file].join('  '),
    );
  }
}

/** Errors: BackupError `dumps.damaged` when one of the dumps is, after every line is printed. */
export async function verify(files: readonly string[], context: CommandContext): Promise<void> {
  const { settings, stateDirectory } = context.session;
  const named = files.map((file) => dumpPath(file, context.session));
  const all = named.length > 0 ? named : (await entriesOf(context.session)).map((entry) => entry.file);
  const result = await runJob({ kind: 'verify', files: all, dumps: settings.dumps, stateDirectory }, context);
  for (const { file, state, problem } of result.files) {
    const shown = shownPath(file, context.session);
    context.output.line({ file: shown, state, ...(problem === undefined ? {} : { problem }) }, `${shown}: ${problem ?? state}`);
  }
  const damaged = result.files.filter((file) => file.state === 'damaged');
  if (damaged.length === 0) return;
  throw new BackupError('dumps.damaged', `${damaged.length} of ${result.files.length} dumps are damaged.`, {
    hint: 'Delete them once a good dump has taken their place.',
  });
}

export async function clean(alias: string | undefined, context: CommandContext): Promise<void> {
  const { settings, stateDirectory } = context.session;
  const databases = alias === undefined ? settings.databases : chooseDatabases(context.session, [alias]);
  const result = await runJob({ kind: 'clean', databases: [...databases], dumps: settings.dumps, stateDirectory }, context);
  for (const file of result.deleted) {
    const shown = shownPath(file, context.session);
    context.output.line({ file: shown }, `Deleted ${shown}`);
  }
  context.output.remark(`${result.deleted.length} dumps deleted, ${sizeText(result.freedBytes)} freed.`);
}

export async function recover(context: CommandContext): Promise<void> {
  const { settings, stateDirectory } = context.session;
  const { rolledBack } = await runJob({ kind: 'recover', dumps: settings.dumps, stateDirectory }, context);
  if (rolledBack.length === 0) context.output.remark('There is no interrupted restore.');
  for (const alias of rolledBack) context.output.line({ alias }, `Rolled back the interrupted restore of ${alias}.`);
}

async function runJob<Request extends JobRequest>(
  request: Request,
  { output, signal }: CommandContext,
  ask: (question: Question) => boolean = () => false,
): Promise<ResultOf<Request['kind']>> {
  const line = progressLine('database' in request ? request.database.alias : request.kind);
  const run: Run = {
    signal,
    progress: (progress) => line.progress(progress),
    log: (level, text) => {
      if (level === 'warning' || level === 'error') output.remark(text);
    },
    ask: (question) => {
      line.clear();
      return Promise.resolve(ask(question));
    },
  };
  try {
    const result = await perform(request, run);
    if (isResultOf(result, request)) return result;
    throw new BackupError('job.protocol', `The job answered with a result of kind ${result.kind}.`, { hint: 'Report this.' });
  } finally {
    line.clear();
  }
}

function isResultOf<Request extends JobRequest>(result: { kind: string }, request: Request): result is ResultOf<Request['kind']> {
  return result.kind === request.kind;
}

function entriesOf({ settings, stateDirectory }: Session): Promise<readonly DumpEntry[]> {
  return listDumps({ ...settings.dumps, stateDirectory });
}

async function dumpsOf(alias: string, session: Session): Promise<readonly DumpEntry[]> {
  const { databases, dumps } = session.settings;
  return (await assignDumps(await entriesOf(session), databases, dumps)).byAlias.get(alias) ?? [];
}

/** Relative to the workspace where the file lies in it, with `/`. */
function shownPath(file: string, { folder }: Session): string {
  const path = relative(folder, file);
  return path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}
