import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../core/run.ts';
import type { StagesIo } from '../../system/process.ts';
import type { ArchiveEntry } from './archive.ts';
import { cleanWords } from './arguments.ts';
import { nameKey, type Dumped } from './dumped.ts';
import { writePrivateCopy } from './plainCopy.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { restoreProgress } from '../restoreProgress.ts';
import { restoreList } from './restoreList.ts';
import type { RestorePlan } from './restorePlan.ts';
import type { PgSettings } from './settings.ts';
import { tableProgress } from './tableProgress.ts';

/** A restore, decided. `path` is the private file of the dump. */
export type Restore = {
  readonly dumped: Dumped;
  readonly settings: PgSettings;
  readonly plan: RestorePlan;
  readonly path: string;
  readonly scratch: string;
  readonly inContainer: boolean;
} & (
  | { readonly kind: 'pg-custom'; readonly entries: readonly ArchiveEntry[]; readonly dataBytes: ReadonlyMap<number, number> }
  | { readonly kind: 'pg-plain' }
);

interface RestoreWords {
  readonly settings: PgSettings;
  readonly file: string;
  readonly inContainer: boolean;
}

interface Words {
  readonly args: readonly string[];
  readonly operands: readonly string[];
}

/** The words of pg_restore. From a file, so that JOBS works and nobody feeds it who may die; into a container it is streamed. */
export function prepareArchive({
  settings,
  file,
  list,
  withoutOwners,
  inContainer,
}: RestoreWords & { readonly list: string | undefined; readonly withoutOwners: boolean }): Words {
  const { singleTransaction, jobs, pgOptions } = settings;
  return {
    args: [
      '--no-password',
      '--exit-on-error',
      ...(singleTransaction ? ['--single-transaction'] : []),
      ...cleanWords(settings),
      ...(jobs > 1 && !inContainer ? [`--jobs=${jobs}`] : []),
      '--verbose',
      ...(list === undefined ? [] : ['-L', list]),
      ...(withoutOwners ? ['--no-owner', '--no-acl'] : []),
      '-d',
      '',
      ...pgOptions,
    ],
    operands: inContainer ? [] : [file],
  };
}

/** The words of psql: our own restriction first, then the private copy, all in one transaction. */
export function preparePlain({ settings, file, inContainer, token }: RestoreWords & { readonly token: string }): Words {
  const single = settings.singleTransaction ? ['-1'] : [];
  const input = ['-c', `\\restrict ${token}`, '-f', inContainer ? '-' : file];
  return { args: ['-X', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', ...single, ...input], operands: [] };
}

/** How the tool that restores is called. */
export interface Ready extends Words {
  readonly io: Pick<StagesIo, 'stdin' | 'onStderrLine' | 'reading'>;
}

/** Writes what the tool reads beside the dump, and gives its words. Errors: `restore.refused`, `dumps.damaged`. */
export async function readyFiles(restore: Restore, run: Run): Promise<Ready> {
  const { settings, plan, inContainer, scratch, dumped } = restore;
  if (restore.kind === 'pg-plain') {
    const file = join(scratch, `plain-${randomBytes(4).toString('hex')}.sql`);
    await writePrivateCopy(restore.path, file, {
      keptExtensions: plan.keptExtensions,
      withoutOwners: plan.withoutOwners,
      isOneTransaction: settings.singleTransaction,
      isOwnTable: ({ schema, tag }) => dumped.tables.has(nameKey(schema, tag)),
    });
    return readyScript(restore, file, run);
  }
  const list = await listFile(restore);
  return {
    ...prepareArchive({ settings, withoutOwners: plan.withoutOwners, inContainer, file: restore.path, list }),
    io: {
      stdin: inContainer ? { kind: 'file', path: restore.path } : { kind: 'none' },
      onStderrLine: archiveProgress(restore, run),
    },
  };
}

/** The call of psql for a script that is ready. */
export async function readyScript({ settings, inContainer }: Restore, file: string, run: Run): Promise<Ready> {
  const token = randomBytes(24).toString('hex');
  return {
    ...preparePlain({ settings, inContainer, file, token }),
    io: {
      stdin: inContainer ? { kind: 'file', path: file } : { kind: 'none' },
      reading: await restoreProgress(file, run),
    },
  };
}

/**
 * Writes the list for `pg_restore -L`, where the archive cannot be restored as it is, and gives its path.
 *
 * Errors: `restore.refused` where pg_restore runs in a container, which the list cannot be given into.
 */
export async function listFile({
  dumped,
  entries,
  plan: { keptExtensions },
  settings,
  scratch,
  inContainer,
}: ListedRestore): Promise<string | undefined> {
  const wanted = new Set(
    [...dumped.schemas].every((schema) => schema === '' || settings.schemas.includes(schema)) ? [] : settings.schemas,
  );
  const ids = restoreList(entries, { keptExtensions, schemas: wanted, drop: settings.drop });
  if (ids === undefined) return undefined;
  if (inContainer)
    throw refusedRestore(
      'This dump needs a list beside it, which cannot be given into a container.',
      'Restore with a pg_restore of this machine: leave RESTORE_PREFIX out.',
    );
  const list = join(scratch, `list-${randomBytes(4).toString('hex')}`);
  await writeFile(list, ids.map((id) => `${id};\n`).join(''), { mode: 0o600, flag: 'wx' });
  return list;
}

type ListedRestore = Pick<Restore, 'dumped' | 'plan' | 'settings' | 'scratch' | 'inContainer'> & {
  readonly entries: readonly ArchiveEntry[];
};

/** How much of the rows is restored, by the lines that pg_restore says: it tells when it begins a table. */
function archiveProgress({ entries, dataBytes }: Extract<Restore, { kind: 'pg-custom' }>, run: Run): (line: string) => void {
  const bytesOf = new Map<string, number>();
  for (const { id, schema, tag, hasData } of entries) if (hasData) bytesOf.set(`${schema}.${tag}`, dataBytes.get(id) ?? 0);
  const totalBytes = [...dataBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return tableProgress({ phase: 'restoring', began: /processing data for table "(.*)"$/, sizes: bytesOf, totalBytes }, run);
}
