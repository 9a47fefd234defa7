import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import * as zlib from 'node:zlib';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { Database } from '../core/database.ts';
import { BackupError } from '../core/errors.ts';
import type { GitFacts } from '../core/job.ts';
import { parseSettings } from '../core/settings/parse.ts';
import type { ParsedSettings } from '../core/settings/settings.ts';
import { settingsOfFile } from '../core/settings/settingsFile.ts';
import { stateDirectoryPath } from '../core/stateDirectory.ts';
import { gitFacts } from './gitFacts.ts';

/** What every command of the command line works with. `folder` is the absolute path of the workspace. */
export interface Session {
  readonly folder: string;
  readonly settings: ParsedSettings;
  readonly stateDirectory: string;
  readonly git: GitFacts | undefined;
}

/**
 * Reads the settings of a workspace folder, or of the file that `--settings` names.
 *
 * Errors: BackupError `settings.unreadable` for a file that is missing though named, or is no JSON; `usage.invalid` for a workspace that is no folder.
 */
export async function openSession(workspace: string, settingsFile: string | undefined): Promise<Session> {
  const folder = resolve(workspace);
  if (!existsSync(folder)) {
    throw new BackupError('usage.invalid', `There is no folder ${folder}.`, { hint: 'Name the workspace with --workspace DIR.' });
  }
  const json = await readSettings(
    settingsFile === undefined ? join(folder, '.vscode', 'settings.json') : resolve(settingsFile),
    settingsFile !== undefined,
  );
  const settings = parseSettings({
    ...settingsOfFile(json, settingsFile === undefined ? 'folder' : 'file'),
    folder,
    folders: [{ name: basename(folder), path: folder }],
    userHome: homedir(),
    env: process.env,
    machineName: hostname(),
    hasManagePy: existsSync(join(folder, 'manage.py')),
    hasZstd: 'createZstdCompress' in zlib,
  });
  const machine = { platform: process.platform, home: homedir(), env: process.env };
  return { folder, settings, stateDirectory: stateDirectoryPath(machine), git: await gitFacts(folder) };
}

async function readSettings(file: string, isNamed: boolean): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (!isNamed && error instanceof Error && 'code' in error && error.code === 'ENOENT') return '{}';
    throw new BackupError('settings.unreadable', `The settings file ${file} cannot be read.`, {
      hint: 'Check its name and your permissions.',
      cause: error,
    });
  });
  const errors: ParseError[] = [];
  const json: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const line = text.slice(0, first.offset).split('\n').length;
    throw new BackupError(
      'settings.unreadable',
      `The settings file ${file} is not valid JSON: ${printParseErrorCode(first.error)} in line ${line}.`,
      {
        hint: 'Mend that line; comments and trailing commas are allowed.',
      },
    );
  }
  return json;
}

/**
 * The databases that a command is about.
 *
 * Shape: named aliases in the order given; without a name the alias `default`, or the only one there is.
 * Errors: BackupError `usage.unknownAlias`, `usage.noDatabase`, or `settings.invalid` for an alias whose settings stop it.
 */
export function chooseDatabases({ settings }: Session, aliases: readonly string[]): readonly Database[] {
  if (aliases.length > 0) return aliases.map((alias) => databaseOf(settings, alias));
  if (settings.aliases.length === 0) {
    throw new BackupError('usage.noDatabase', 'The settings name no database.', {
      hint: 'Add one under dbbackup.databases in .vscode/settings.json.',
    });
  }
  const [only, ...others] = settings.aliases;
  if (settings.aliases.includes('default')) return [databaseOf(settings, 'default')];
  if (only !== undefined && others.length === 0) return [databaseOf(settings, only)];
  throw new BackupError('usage.unknownAlias', `There are ${settings.aliases.length} databases and none is called default.`, {
    hint: `Name one of ${settings.aliases.join(', ')}, or use --all.`,
  });
}

/** All databases of the settings, in their order. Errors: BackupError `settings.invalid` when one of them cannot be used. */
export function allDatabases(session: Session): readonly Database[] {
  return chooseDatabases(session, session.settings.aliases);
}

function databaseOf(settings: ParsedSettings, alias: string): Database {
  const database = settings.databases.find((candidate) => candidate.alias === alias);
  // Whoever runs the command line has approved what it starts.
  if (database !== undefined) return { ...database, mayUseContainers: true };
  const broken = settings.broken.find((candidate) => candidate.alias === alias);
  if (broken !== undefined) {
    const { path, message, hint } = broken.problem;
    throw new BackupError('settings.invalid', `The settings of ${alias} are wrong at ${path.join('.')}: ${message}`, { hint });
  }
  throw new BackupError('usage.unknownAlias', `There is no database called ${alias}.`, {
    hint: settings.aliases.length === 0 ? 'The settings name no database.' : `Name one of ${settings.aliases.join(', ')}.`,
  });
}
