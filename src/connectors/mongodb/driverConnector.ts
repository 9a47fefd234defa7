import { createWriteStream } from 'node:fs';
import { PassThrough, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type {
  DumpFacts,
  DumpOptions,
  DumpStream,
  Inspection,
  OpenDump,
  PreparedRestore,
  Workspace,
} from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import type { Run } from '../../core/run.ts';
import { BaseDBConnector } from '../base.ts';
import { archiveBytes } from './archiveWriter.ts';
import { restoreArchive } from './archiveRestore.ts';
import { listCollections, liveContents, readFacts } from './catalog.ts';
import { inspectDatabase, targetCollections, unmatchedWarnings } from './connector.ts';
import { changesWhile } from './dumped.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { refusedDump, unknownDatabase } from './problems.ts';
import { planRestore, previewOf, type RestorePlan } from './restoring.ts';
import { withSession } from './session.ts';
import { placeOf, settingsOf } from './settings.ts';
import { withTarget } from './targetDatabase.ts';

const timeseriesHint = 'Set CONNECTOR to MongoDumpConnector for this database.';

/** Writes and reads the archives of mongodump without it, through the driver. */
export class MongoDriverConnector extends BaseDBConnector {
  override readonly name = 'MongoDriverConnector';
  override readonly format = 'mongo-archive';

  override inspect(database: Database, _workspace: Workspace, run: Run): Promise<Inspection> {
    return inspectDatabase(database, run);
  }

  override createDump(
    database: Database,
    path: string,
    options: DumpOptions,
    _workspace: Workspace,
    run: Run,
  ): Promise<DumpFacts> {
    return writeDump(database, createWriteStream(path, { flags: 'r+', mode: 0o600 }), options, run);
  }

  streamDump(database: Database, options: DumpOptions, _workspace: Workspace, run: Run): DumpStream {
    const bytes = new PassThrough({ highWaterMark: 1_048_576 });
    const facts = writeDump(database, bytes, options, run);
    facts.catch((error: unknown) => void bytes.destroy(error instanceof Error ? error : new Error(String(error))));
    return { bytes, facts };
  }

  override async prepareRestore(
    database: Database,
    dump: OpenDump,
    _inspection: Inspection,
    _workspace: Workspace,
    run: Run,
  ): Promise<PreparedRestore> {
    const settings = settingsOf(database);
    const there = (await targetCollections(database, run)) ?? [];
    const plan = await planRestore(dump, { settings, there, run });
    const series = plan.archive.collections.find(({ metadata }) => metadata.kind === 'timeseries');
    if (series !== undefined)
      throw refusedRestore(`MongoDriverConnector cannot restore a time series, and ${series.name} is one.`, timeseriesHint);
    return {
      ...previewOf(plan),
      apply: (apply) => applyRestore(database, { path: dump.path, plan, exists: there.length > 0 }, apply),
    };
  }

  protected override restoreDump(): Promise<void> {
    return Promise.reject(new Error('A restore of MongoDB is prepared first.'));
  }
}

async function writeDump(database: Database, output: Writable, { purpose }: DumpOptions, run: Run): Promise<DumpFacts> {
  const place = placeOf(database, 'dump');
  return withSession(place, run.signal, async (session) => {
    const before = await readFacts(session);
    if (before.collections.length === 0) throw unknownDatabase(place.where);
    const exclude = purpose === 'safety' ? [] : settingsOf(database).exclude;
    const collections = before.collections.filter(({ name }) => !exclude.includes(name));
    const series = collections.find(({ kind }) => kind === 'timeseries');
    if (series !== undefined)
      throw refusedDump(`MongoDriverConnector cannot dump a time series, and ${series.name} is one.`, timeseriesHint);
    run.progress({ phase: 'dumping' });
    run.signal.throwIfAborted();
    const written = new Map(collections.map(({ name }) => [name, 0]));
    const onDocuments = (name: string, count: number): void => {
      written.set(name, (written.get(name) ?? 0) + count);
      run.progress({ phase: 'dumping', rows: [...written.values()].reduce((sum, rows) => sum + rows, 0) });
    };
    const { serverVersion } = before;
    const bytes = archiveBytes({ session, database: place.database, serverVersion, collections, onDocuments });
    await pipeline(bytes, output, { signal: run.signal });
    const dumped = collections.map((collection) => ({ ...collection, documents: written.get(collection.name) ?? 0 }));
    return {
      contents: liveContents(dumped),
      serverVersion,
      tools: [],
      warnings: [
        ...unmatchedWarnings(exclude, before),
        ...(await changesWhile(dumped, { before, exclude, lookAgain: () => readFacts(session) })),
      ],
    };
  });
}

async function applyRestore(
  database: Database,
  { path, plan, exists }: { readonly path: string; readonly plan: RestorePlan; readonly exists: boolean },
  run: Run,
): Promise<void> {
  const place = placeOf(database, 'restore');
  run.progress({ phase: 'restoring' });
  run.signal.throwIfAborted();
  await withTarget(place, { exists, removed: plan.removed, signal: run.signal }, () =>
    withSession(place, run.signal, async (session) => {
      const there = new Set((await listCollections(session)).map(({ name }) => name));
      await restoreArchive({ session, path, plan, there, where: place.where, run });
    }),
  );
}
