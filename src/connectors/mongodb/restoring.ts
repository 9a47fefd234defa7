import { stat } from 'node:fs/promises';
import type { OpenDump, PreparedRestore } from '../../core/connector.ts';
import type { Run } from '../../core/run.ts';
import { fileBytes } from '../../system/fileBytes.ts';
import { readArchive, type Archive } from './archive.ts';
import type { ListedCollection } from './catalog.ts';
import { isSystem } from './contents.ts';
import { damagedDump, emptyDump, refusedRestore } from '../dumpProblems.ts';
import type { MongoSettings } from './settings.ts';

/**
 * A restore, decided.
 *
 * Shape: `source` is the database that the archive was made of; `drop`: collections of the dump are dropped first;
 * `removed` are collections of the target that go too.
 */
export interface RestorePlan {
  readonly archive: Archive;
  readonly source: string;
  readonly drop: boolean;
  readonly removed: readonly ListedCollection[];
  readonly isSafety: boolean;
  readonly hasValidators: boolean;
  readonly warnings: readonly string[];
}

/**
 * Reads the whole dump once and decides; `there` are the names that the target has. Whatever would stop the restore half way is known before anything is changed.
 *
 * Errors: `dumps.*`; `restore.refused` for an archive of several databases.
 */
export async function planRestore(
  dump: OpenDump,
  { settings, there, run }: { readonly settings: MongoSettings; readonly there: readonly ListedCollection[]; readonly run: Run },
): Promise<RestorePlan> {
  if (dump.format !== 'mongo-archive') {
    throw (await stat(dump.path)).size === 0 ? emptyDump() : damagedDump('it is no archive of mongodump');
  }
  const archive = await readArchive(fileBytes(dump.path), {
    depth: dump.origin === 'here' && !settings.objectCheck ? 'sums' : 'deep',
    onBytes: () => run.signal.throwIfAborted(),
  });
  const source = sourceOf(archive);
  const isSafety = dump.origin === 'here' && dump.manifest?.kind === 'safety';
  const drop = settings.drop || isSafety;
  const dumped = new Set(archive.collections.map(({ name }) => name));
  const both = there.filter(({ name }) => dumped.has(name));
  return {
    archive,
    source,
    drop,
    isSafety,
    // A safety dump leads back to the state before: what a restore has made goes.
    removed: isSafety ? there.filter(({ name }) => !dumped.has(name)) : [],
    hasValidators: archive.collections.some(({ metadata }) => metadata.options.has('validator')),
    warnings: [
      ...(source === settings.name
        ? []
        : [`The dump was made of the database ${source}, and is restored into ${settings.name}.`]),
      ...(drop || both.length === 0
        ? []
        : ['DROP is false: a document whose _id is already in its collection stops the restore.']),
    ],
  };
}

/** What the question says of it: a safety dump removes what the target has beside it, views too. */
export function previewOf({ isSafety, removed, warnings }: RestorePlan): Omit<PreparedRestore, 'apply'> {
  return {
    emptied: [],
    lost: removed.filter(({ kind }) => kind === 'view').map(({ name }) => name),
    warnings,
    safety: 'rollBack',
    ...(isSafety ? { unlistedTables: 'removed' } : {}),
  };
}

function sourceOf({ collections }: Archive): string {
  const names = [
    ...new Set(collections.filter(({ name, database }) => database !== '' && !isSystem(name)).map(({ database }) => database)),
  ];
  const [only] = names;
  if (only === undefined) throw damagedDump('there is no collection in it');
  if (names.length > 1)
    throw refusedRestore(
      `The dump is of ${names.length} databases, and only one of them can be restored.`,
      'Make a dump of the one database, or restore it with mongorestore by hand.',
    );
  return only;
}
