import { copyFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Description, DumpFacts, DumpOptions, Inspection, OpenDump, RawFile, Workspace } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { BaseDBConnector, excludedTables } from '../base.ts';
import { codeOf, explain } from './failures.ts';
import type { Copied } from './tasks.ts';
import { runInWorker, warmUpWorker } from './worker.ts';

/**
 * What the three SQLite connectors share: the file they speak of, looking at it, and every way of restoring.
 *
 * All three read both kinds of dump; the dump's own bytes decide how it is restored.
 */
export abstract class SqliteFileConnector extends BaseDBConnector {
  override readonly restoreSafety = 'atomic';

  override get reads(): readonly string[] {
    return ['sqlite', 'sqlite-sql'];
  }

  warmUp(): void {
    warmUpWorker();
  }

  override async describe(database: Database): Promise<Description> {
    return { tools: [], dump: [], restore: [], problems: await problemsOf(database) };
  }

  override async inspect(database: Database, { scratch }: Workspace, run: Run): Promise<Inspection> {
    return runInWorker({ kind: 'inspect', target: fileOf(database), scratch }, run);
  }

  override async restoreDump(database: Database, dump: OpenDump, { scratch }: Workspace, run: Run): Promise<void> {
    await runInWorker({ kind: 'restore', dump: dump.path, target: fileOf(database), scratch }, run);
  }

  /** Errors: BackupError 'disk.full', 'disk.noPermission', 'sqlite.missing'. */
  async keepRaw(database: Database, directory: string, _workspace: Workspace, run: Run): Promise<readonly RawFile[]> {
    const source = fileOf(database);
    const kept: RawFile[] = [];
    for (const suffix of ['', '-wal', '-journal']) {
      run.signal.throwIfAborted();
      const path = join(directory, basename(source) + suffix);
      try {
        await copyFile(source + suffix, path);
        if ((await stat(path)).size > 0) kept.push({ path, suffix });
      } catch (error) {
        if (suffix !== '' && codeOf(error) === 'ENOENT') continue;
        throw explain(error, { path: source, role: 'database' });
      }
    }
    return kept;
  }
}

/**
 * The absolute path of the database's file.
 *
 * Errors: BackupError 'sqlite.memory' for a database without a file, 'settings.invalid' for a URI.
 */
export function fileOf({ keys, target }: Database): string {
  const name = typeof keys['NAME'] === 'string' ? keys['NAME'] : '';
  const trimmed = name.trim();
  if (trimmed === '' || trimmed === ':memory:' || /^file:(:memory:|.*[?&]mode=memory)/.test(trimmed)) {
    throw new BackupError('sqlite.memory', 'A database in memory has no file to back up.', {
      hint: 'Set NAME to the path of a database file.',
    });
  }
  if (trimmed.startsWith('file:') || target.kind !== 'file') {
    throw new BackupError('settings.invalid', 'NAME must be a path, not a URI.', { hint: 'Write the path of the file itself.' });
  }
  return target.path;
}

/** What a copy holds, as the facts of a dump; EXCLUDE cannot act on a whole file and is said instead. */
export function fileFacts(copied: Copied, database: Database, options: DumpOptions): DumpFacts {
  const excluded = options.purpose === 'safety' ? [] : excludedTables(database);
  const ignored = `EXCLUDE has no effect on a copy of the whole file: ${excluded.join(', ')} is in the dump. Use SqliteConnector to leave tables out.`;
  return { ...copied, tools: [], warnings: excluded.length === 0 ? copied.warnings : [...copied.warnings, ignored] };
}

async function problemsOf(database: Database): Promise<Description['problems']> {
  try {
    const found = await stat(fileOf(database));
    if (!found.isFile()) {
      throw new BackupError('sqlite.notAFile', `${basename(fileOf(database))} is not a file.`, {
        hint: 'Set NAME to the path of the database file.',
      });
    }
    return [];
  } catch (error) {
    const explained = explain(error, { path: database.target.kind === 'file' ? database.target.path : '', role: 'database' });
    if (!(explained instanceof BackupError)) throw explained;
    const severity = explained.code === 'sqlite.missing' ? 'warning' : 'error';
    return [{ key: 'NAME', severity, code: explained.code, message: explained.message, hint: explained.hint }];
  }
}
