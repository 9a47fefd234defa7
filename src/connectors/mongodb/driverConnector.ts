import { open } from 'node:fs/promises';
import { ChunkChannel } from '../../core/chunkChannel.ts';
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

  override async createDump(
    database: Database,
    path: string,
    options: DumpOptions,
    _workspace: Workspace,
    run: Run,
  ): Promise<DumpFacts> {
    const file = await open(path, 'r+');
    try {
      return await writeDump(database, (chunk) => file.writeFile(chunk), options, run);
    } finally {
      await file.close();
    }
  }

  streamDump(database: Database, options: DumpOptions, _workspace: Workspace, run: Run): DumpStream {
    const channel = new ChunkChannel();
    const facts = writeDump(database, (chunk) => channel.send(chunk, run.signal), options, run).finally(() => channel.end());
    facts.catch(() => undefined);
    return { bytes: channel.until(run.signal), facts };
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

/** `take` is done with a chunk when it settles. */
async function writeDump(
  database: Database,
  take: (chunk: Buffer) => Promise<void>,
  { purpose }: DumpOptions,
  run: Run,
): Promise<DumpFacts> {
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
    const archive = { session, database: place.database, serverVersion, collections, onDocuments };
    for await (const chunk of archiveBytes(archive)) {
      run.signal.throwIfAborted();
      await take(chunk);
    }
    const dumped = collections.map((collection) => ({ ...collection, documents: written.get(collection.name) ?? 0 }));
    return {
      contents: liveContents(dumped),
      serverVersion,
      tools: [],
      warnings: [
        ...unmatchedWarnings(exclude, before),
        ...(await changesWhile(dumped, { before, exclude, isShaped: false, lookAgain: () => readFacts(session) })),
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
