import type { Inspection } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { isContainerPrefix, prefixWords, type Phase } from '../../core/toolCall.ts';
import { listCollections, liveContents, readFacts, sizeOf, type DatabaseFacts, type ListedCollection } from './catalog.ts';
import { withSession, type Session } from './session.ts';
import { placeOf } from './settings.ts';

/** What both connectors answer about a database. It exists as long as something is in it. */
export async function inspectDatabase(database: Database, run: Run): Promise<Inspection> {
  const found = await whereInSight(database, 'restore', run, async (session) => {
    const { collections, serverVersion } = await readFacts(session);
    const sizeBytes = await sizeOf(session);
    return {
      exists: collections.length > 0,
      serverVersion,
      contents: liveContents(collections),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    };
  });
  return found ?? { exists: true, serverVersion: '', contents: { tables: [], objects: {} } };
}

/** Collections with counts and indexes, as a dump finds them; undefined as below. */
export function factsOf(database: Database, run: Run): Promise<DatabaseFacts | undefined> {
  return whereInSight(database, 'dump', run, readFacts);
}

/** What a restore finds in its target; undefined as below. */
export function targetCollections(database: Database, run: Run): Promise<readonly ListedCollection[] | undefined> {
  return whereInSight(database, 'restore', run, listCollections);
}

/** Asks the driver; undefined where the server is in a container that only its tools reach. */
async function whereInSight<Result>(
  database: Database,
  phase: Phase,
  run: Run,
  body: (session: Session) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await withSession(placeOf(database, phase), run.signal, body);
  } catch (error) {
    const isUnreachable = error instanceof BackupError && /^connection\.(refused|unknownHost|timedOut)$/.test(error.code);
    if (isUnreachable && isContainerPrefix(prefixWords(database.keys, phase))) return undefined;
    throw error;
  }
}

/** Names under EXCLUDE that no collection has. */
export function unmatchedWarnings(exclude: readonly string[], facts: DatabaseFacts | undefined): string[] {
  if (facts === undefined) return [];
  const names = new Set(facts.collections.map(({ name }) => name));
  return exclude.filter((name) => !names.has(name)).map((name) => `EXCLUDE names ${name}, and there is no such collection.`);
}
