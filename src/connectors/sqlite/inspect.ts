import type { Inspection } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import { BackupError } from '../../core/errors.ts';
import { libraryVersion, readContents } from './contents.ts';
import { corrupt, explain } from './failures.ts';
import { sizeOf } from './files.ts';
import { holdersOf } from './holders.ts';
import { findDamage } from './integrity.ts';
import { openSource } from './source.ts';
import type { Thread } from './thread.ts';

const nothing: Contents = { tables: [], objects: {} };

/**
 * Looks at the live database. One that is missing or damaged is a finding, not an error.
 *
 * Shape: `damage` after a `quick_check`: a damaged database cannot be dumped, only kept as it is.
 * `openSessions` counts the other processes that have the file open, where the system tells.
 */
export async function inspectTarget(path: string, thread: Thread): Promise<Inspection> {
  try {
    return { exists: true, ...facts(path), ...(await lookInto(path, thread)) };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    if (error.code === 'sqlite.missing') return { exists: false, serverVersion: '', contents: nothing };
    if (error.code !== 'sqlite.notADatabase' && error.code !== 'sqlite.corrupt') throw error;
    return { exists: true, ...facts(path), damage: error.message, serverVersion: '', contents: nothing };
  }
}

function facts(path: string): Pick<Inspection, 'sizeBytes' | 'openSessions'> {
  return { sizeBytes: sizeOf(path), ...(process.platform === 'linux' ? { openSessions: holdersOf(path).length } : {}) };
}

async function lookInto(path: string, thread: Thread): Promise<Pick<Inspection, 'serverVersion' | 'contents'>> {
  const source = await openSource(path, thread);
  try {
    if (findDamage(source.database, 'quick_check', thread)) throw corrupt(path);
    const contents = readContents(source.database, () => thread.checkpoint());
    return { serverVersion: libraryVersion(source.database), contents };
  } catch (error) {
    throw explain(error, { path, role: 'database' });
  } finally {
    source.close();
  }
}
