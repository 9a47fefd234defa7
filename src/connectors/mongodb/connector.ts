import type { Inspection } from '../../core/connector.ts';
import type { Database } from '../../core/database.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { isContainerPrefix, prefixWords, type Phase } from '../../core/toolCall.ts';
import { readFacts, type DatabaseFacts } from './catalog.ts';
import { withSession } from './session.ts';
import { placeOf } from './settings.ts';

/** What both connectors answer about a database. */
export const nothing = { serverVersion: '', contents: { tables: [], objects: {} } } as const;

/** A database exists as long as something is in it. */
export async function inspectDatabase(database: Database, run: Run): Promise<Inspection> {
  const facts = await factsOf(database, 'restore', run);
  if (facts === undefined) return { exists: true, ...nothing };
  const { serverVersion, contents, sizeBytes, collections } = facts;
  const exists = collections.length > 0;
  return { exists, serverVersion, contents, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
}

/** Looks at a database with the driver; undefined where its server is in a container that only its tools reach. */
export async function factsOf(database: Database, phase: Phase, run: Run): Promise<DatabaseFacts | undefined> {
  try {
    return await withSession(placeOf(database, phase), run.signal, readFacts);
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
