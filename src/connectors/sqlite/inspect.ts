import type { Contents, Inspection } from '../../core/connector.ts';
import { BackupError } from '../../core/errors.ts';
import { libraryVersion, readContents } from './contents.ts';
import { explain, isDamage } from './failures.ts';
import { sizeOf } from './files.ts';
import { holdersOf } from './holders.ts';
import { openSource, type Source } from './source.ts';
import type { Thread } from './thread.ts';

const nothing: Contents = { tables: [], objects: {} };

/**
 * Looks at the live database. One that is missing or damaged is a finding, not an error.
 *
 * Shape: `openSessions` counts the other processes that have the file open, where the system tells.
 */
export async function inspectTarget(path: string, thread: Thread): Promise<Inspection> {
  const found = await open(path, thread);
  if (found === undefined) return { exists: false, serverVersion: '', contents: nothing };
  const openSessions = process.platform === 'linux' ? { openSessions: holdersOf(path).length } : {};
  const facts = { exists: true, sizeBytes: sizeOf(path), ...openSessions };
  if ('damage' in found) return { ...facts, damage: found.damage, serverVersion: '', contents: nothing };
  const { source } = found;
  try {
    const contents = readContents(source.database, () => thread.checkpoint());
    return { ...facts, serverVersion: libraryVersion(source.database), contents };
  } catch (error) {
    const explained = explain(error, { path, role: 'database' });
    if (!isDamage(error) || !(explained instanceof BackupError)) throw explained;
    return { ...facts, damage: explained.message, serverVersion: libraryVersion(source.database), contents: nothing };
  } finally {
    source.close();
  }
}

async function open(path: string, thread: Thread): Promise<{ source: Source } | { damage: string } | undefined> {
  try {
    return { source: await openSource(path, thread) };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    if (error.code === 'sqlite.missing') return undefined;
    if (error.code === 'sqlite.notADatabase' || error.code === 'sqlite.corrupt') return { damage: error.message };
    throw error;
  }
}
