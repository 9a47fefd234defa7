import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/core/database.ts';
import type { DumpSettings } from '../../src/core/job.ts';
import type { Question, Run } from '../../src/core/run.ts';

/**
 * A workspace folder with one SQLite database called `default`, a state directory of its own, and the requests about them.
 *
 * Shape: all below one temporary folder, which `remove` takes away.
 */
export interface TestWorkspace {
  readonly folder: string;
  readonly stateDirectory: string;
  readonly dumps: DumpSettings;
  path(...names: string[]): string;
  database(overrides?: Partial<Pick<Database, 'alias' | 'connector' | 'keys'>> & { readonly file?: string }): Database;
  remove(): void;
}

export function makeWorkspace(): TestWorkspace {
  const root = mkdtempSync(join(tmpdir(), 'dbbackup-workspace-'));
  const folder = join(root, 'project');
  mkdirSync(folder);
  const path = (...names: string[]): string => join(folder, ...names);
  return {
    folder,
    stateDirectory: join(root, 'state'),
    dumps: {
      folder,
      directory: path('backups'),
      filenameTemplate: '{databasename}-{servername}-{datetime}.{extension}',
      dateFormat: '%Y-%m-%d-%H%M%S',
      hostname: 'here',
      compression: 'none',
      verification: 'quick',
      cleanupKeep: 10,
      safetyBackup: true,
    },
    path,
    database: ({ file = path('shop.sqlite3'), alias = 'default', connector = 'SqliteBackupConnector', keys = {} } = {}) => ({
      alias,
      engine: 'sqlite',
      connector,
      keys: { NAME: file, ...keys },
      folder,
      scope: 'folder',
      target: { kind: 'file', engine: 'sqlite', path: file },
      tools: {},
    }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** A run that keeps what it was told; `yes` is its answer to every question. */
export function recordingRun(yes = true): Run & { readonly lines: string[]; readonly questions: Question[] } {
  const lines: string[] = [];
  const questions: Question[] = [];
  return {
    lines,
    questions,
    signal: new AbortController().signal,
    progress: () => undefined,
    log: (level, text) => void lines.push(`${level}: ${text}`),
    ask: (question) => {
      questions.push(question);
      return Promise.resolve(yes);
    },
  };
}
