import * as z from 'zod';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { fileBytes } from '../../system/fileBytes.ts';
import { readArchive, type ArchivedCollection } from './archive.ts';
import { isSystem } from './contents.ts';
import type { OrderedDocument } from './metadata.ts';
import type { RestorePlan } from './restoring.ts';
import type { Session } from './session.ts';

/** What a restore is made with. `there` are the names that the target has. */
export interface RestoreInput {
  readonly session: Session;
  readonly path: string;
  readonly plan: RestorePlan;
  readonly there: ReadonlySet<string>;
  readonly where: string;
  readonly run: Run;
}

/**
 * Restores an archive: collections with their options first, then their documents as the bytes that they are, then indexes and views.
 *
 * Errors: `restore.incomplete` where the server takes a document not in.
 */
export async function restoreArchive(input: RestoreInput): Promise<void> {
  const { session, path, plan, there, run } = input;
  const totalRows = plan.archive.collections.reduce((sum, { documents }) => sum + documents, 0);
  let rows = 0;
  const isKept = (name: string): boolean => !plan.drop && there.has(name);
  const make = async ({ name, metadata }: ArchivedCollection): Promise<void> => {
    if (isKept(name)) return;
    if (there.has(name)) await session.command({ drop: name });
    await session.command({ create: name, ...optionsOf(metadata.options) });
  };
  const own = plan.archive.collections.filter(({ name }) => !isSystem(name));
  const { collections, views } = {
    collections: own.filter(({ metadata }) => metadata.kind === 'collection'),
    views: own.filter(({ metadata }) => metadata.kind === 'view'),
  };
  for (const collection of collections) {
    run.signal.throwIfAborted();
    await make(collection);
  }
  await readArchive(fileBytes(path), {
    depth: 'sums',
    onBytes: () => run.signal.throwIfAborted(),
    onDocuments: async ({ name, metadata }, documents) => {
      if (isSystem(name)) return;
      const options = { ordered: true, ...(metadata.options.has('validator') ? { bypassDocumentValidation: true } : {}) };
      throwIfRefused(await session.insert(name, documents, options), input.where, name);
      rows += documents.count;
      run.progress({ phase: 'restoring', rows: Math.min(rows, totalRows) });
    },
  });
  for (const { name, metadata } of collections) {
    run.signal.throwIfAborted();
    const indexes = metadata.indexes.filter(isToBeMade).map(withoutServersOwn);
    if (indexes.length > 0) await session.command({ createIndexes: name, indexes });
  }
  for (const view of views) await make(view);
}

const replySchema = z.object({
  writeErrors: z.array(z.object({ code: z.number(), errmsg: z.string() })).optional(),
  writeConcernError: z.object({ errmsg: z.string() }).optional(),
});

function throwIfRefused(reply: unknown, where: string, name: string): void {
  const { writeErrors = [], writeConcernError } = replySchema.parse(reply);
  const problem = writeErrors[0]?.errmsg ?? writeConcernError?.errmsg;
  if (problem === undefined) return;
  const isThere = writeErrors[0]?.code === 11_000;
  throw new BackupError('restore.incomplete', `A document of ${name} was not restored into ${where}: ${problem.slice(0, 300)}`, {
    hint: isThere ? 'Set DROP to true, or empty the collections first.' : 'See the server’s log.',
  });
}

/** Options as a command has them. `autoIndexId` is refused by servers since 4.0. */
function optionsOf(options: OrderedDocument): Record<string, unknown> {
  return Object.fromEntries([...options].filter(([name]) => name !== 'autoIndexId'));
}

/** The index on `_id` and that of a clustered collection come with their collection. */
function isToBeMade(index: OrderedDocument): boolean {
  return index.get('name') !== '_id_' && index.get('clustered') !== true;
}

function withoutServersOwn(index: OrderedDocument): OrderedDocument {
  return new Map([...index].filter(([name]) => name !== 'v' && name !== 'ns'));
}
