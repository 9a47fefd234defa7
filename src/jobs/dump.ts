import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connector, DumpFormat, DumpOptions, RawFile } from '../core/connector.ts';
import { optionsInForce, type Database } from '../core/database.ts';
import { dumpFileName } from '../core/dumpName.ts';
import type { DumpSettings, GitFacts } from '../core/job.ts';
import { freeBytes } from '../dumps/directory.ts';
import { follow } from '../dumps/follow.ts';
import { publish } from '../dumps/publish.ts';
import type { DumpAbout, PublishedDump, PublishRequest } from '../dumps/publishRequest.ts';
import { thisProcess } from '../system/owner.ts';
import type { DatabaseJobContext } from './context.ts';
import { withDirectoryLock } from './locks.ts';

/** A dump to make of one database, whose target must be real (links resolved). */
export interface DumpRequest {
  readonly database: Database;
  readonly dumps: DumpSettings;
  readonly git?: GitFacts | undefined;
}

/** What a safety dump is called, whatever the settings say: its name must not depend on what a workspace may change. */
const safetyTemplate = 'safety-{databasename}-{datetime}.{extension}';
const safetyDateFormat = '%Y-%m-%d-%H%M%S';

/** Dumps and publishes: the same protocol for a dump that the user asked for and for the one before a restore. */
export async function makeDump(
  request: DumpRequest,
  kind: 'manual' | 'safety',
  context: DatabaseJobContext,
): Promise<PublishedDump> {
  const { connector, run } = context;
  const format = await context.formatById(formatOf(connector, kind));
  const level = request.dumps.verification;
  const dumped = await publish({
    ...(await placeOf(request, kind, context)),
    about: aboutOf(request, kind, { ...context, verification: level }),
    write: (path) => connector.createDump(request.database, path, optionsOf(request, kind), context, run),
    verify: (path) => format.verify(path, level, context, run),
    stream: streamOf(request, kind, { format, context }),
    follow: followerOf(request, { format, context }),
  });
  for (const warning of dumped.manifest.warnings) run.log('warning', warning);
  return dumped;
}

function optionsOf({ dumps }: DumpRequest, purpose: DumpOptions['purpose']): DumpOptions {
  return { purpose, freeBytes: () => freeBytes(dumps.directory), follow };
}

/** How a dump is verified while it is written, where its format allows that. */
function followerOf(
  { dumps }: DumpRequest,
  { format, context }: { readonly format: DumpFormat; readonly context: DatabaseJobContext },
): PublishRequest['follow'] {
  const { verifyStream, isAppended } = format;
  if (verifyStream === undefined || isAppended !== true) return undefined;
  return (bytes) => verifyStream.call(format, bytes, dumps.verification, context, context.run);
}

/** The way of a dump that is compressed while it is made, where both its connector and its format can. */
function streamOf(
  request: DumpRequest,
  kind: 'manual' | 'safety',
  { format, context }: { readonly format: DumpFormat; readonly context: DatabaseJobContext },
): PublishRequest['stream'] {
  const { connector, run } = context;
  if (connector.streamDump === undefined || format.verifyStream === undefined) return undefined;
  const { streamDump } = connector;
  const { verifyStream } = format;
  return {
    start: () => streamDump.call(connector, request.database, optionsOf(request, kind), context, run),
    verify: (bytes) => verifyStream.call(format, bytes, request.dumps.verification, context, run),
  };
}

/**
 * Keeps the files of a target that is too damaged to be dumped, as they are. They are not verified: they cannot be.
 *
 * Shape: the dump of the database's own file; those of its journals lie beside it. Undefined where the engine has no files of its own to keep.
 */
export async function keepRawDump(request: DumpRequest, context: DatabaseJobContext): Promise<PublishedDump | undefined> {
  const directory = join(context.scratch, 'raw');
  await mkdir(directory, { mode: 0o700 });
  const files = (await context.connector.keepRaw?.(request.database, directory, context, context.run)) ?? [];
  const kept: PublishedDump[] = [];
  for (const file of files) kept.push(await publishRaw(file, request, context));
  return kept[0];
}

async function publishRaw(
  { path: source, suffix }: RawFile,
  request: DumpRequest,
  context: DatabaseJobContext,
): Promise<PublishedDump> {
  const place = await placeOf(request, 'safety', context);
  return publish({
    ...place,
    fileName: (attempt) => place.fileName(attempt, suffix),
    about: aboutOf(request, 'safety', { ...context, verification: 'none' }),
    write: async (path) => {
      await copyFile(source, path);
      const warnings = ['The database was damaged: its file was kept as it was.'];
      return { contents: { tables: [], objects: {} }, serverVersion: '', tools: [], warnings };
    },
  });
}

type Place = Omit<PublishRequest, 'about' | 'write' | 'verify' | 'fileName'> & {
  fileName(attempt: number, suffix?: string): string;
};

async function placeOf(
  { database, dumps, git }: DumpRequest,
  kind: 'manual' | 'safety',
  context: DatabaseJobContext,
): Promise<Place> {
  const date = context.now();
  const extension = typeof database.keys['EXTENSION'] === 'string' ? database.keys['EXTENSION'] : context.connector.extension;
  const { compression } = dumps;
  const template = kind === 'manual' ? dumps.filenameTemplate : safetyTemplate;
  const dateFormat = kind === 'manual' ? dumps.dateFormat : safetyDateFormat;
  const parts = {
    alias: database.alias,
    servername: dumps.hostname,
    date,
    dateFormat,
    extension,
    compression,
    gitbranch: git?.branch,
  };
  return {
    directory: dumps.directory,
    folder: dumps.folder,
    stateDirectory: context.stateDirectory,
    compression,
    run: context.run,
    owner: await thisProcess(),
    now: () => date,
    fileName: (attempt, suffix = '') => dumpFileName(template, { ...parts, extension: extension + suffix, attempt }),
    withDirectoryLock: (directory, body) => withDirectoryLock(directory, `the backup of ${database.alias}`, context, body),
  };
}

function formatOf(connector: Connector, kind: 'manual' | 'safety'): string {
  return kind === 'safety' ? (connector.safetyFormat ?? connector.format) : connector.format;
}

function aboutOf(
  { database, git }: DumpRequest,
  kind: 'manual' | 'safety',
  { connector, verification }: Pick<DatabaseJobContext, 'connector'> & Pick<DumpAbout, 'verification'>,
): DumpAbout {
  return {
    alias: database.alias,
    engine: database.engine,
    connector: connector.name,
    format: formatOf(connector, kind),
    kind,
    target: database.target,
    options: optionsInForce(database.keys),
    verification,
    git,
  };
}
