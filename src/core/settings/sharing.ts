import type { Scope } from '../database.ts';
import type { Entry, Mistake } from './entry.ts';
import { hasCredentials } from './target.ts';

/** A key's value with the entry that it comes from. */
export interface MergedKey {
  readonly value: unknown;
  readonly entry: Entry;
}

/** Secrets of user settings that are kept away from a workspace's keys. */
export interface Withheld {
  readonly key: string;
  readonly entry: Entry;
  readonly mistake: Mistake;
}

const secretKeys: ReadonlySet<string> = new Set(['PASSWORD', 'ADMIN_PASSWORD', 'ENV', 'DUMP_ENV', 'RESTORE_ENV', 'OPTIONS']);

/** Keys of a workspace that cannot send a secret anywhere. */
const harmlessKeys: ReadonlySet<string> = new Set([
  'EXCLUDE',
  'EXTENSION',
  'SCHEMAS',
  'SINGLE_TRANSACTION',
  'DROP',
  'IF_EXISTS',
  'JOBS',
  'MERGE',
  'OBJECT_CHECK',
  'USE_PARENT_ENV',
]);

/**
 * Puts the keys of `connectors` over those of `databases`, except where that would hand a secret of the user's own settings to a
 * workspace: once any key that steers where the database is or what is started comes from the workspace, PASSWORD, ADMIN_PASSWORD,
 * ENV and OPTIONS of user settings stay out, whichever of the two settings holds them.
 *
 * Shape: a withheld password is a warning, because it can come from elsewhere; every other withheld key is an error.
 */
export function mergeEntries(
  own: Entry,
  override: Entry | undefined,
): { readonly keys: ReadonlyMap<string, MergedKey>; readonly withheld: readonly Withheld[] } {
  const entries = override === undefined ? [own] : [own, override];
  const merged = joined(entries, () => true);
  const steering = [...merged].find(([key, { entry }]) => isWorkspace(entry.scope) && !harmlessKeys.has(key))?.[0];
  if (steering === undefined) return { keys: merged, withheld: [] };
  const isShared = (key: string, { value, entry }: MergedKey): boolean => entry.scope !== 'user' || !isSecret(key, value);
  const withheld = [...merged].filter(([key, part]) => !isShared(key, part));
  return {
    keys: joined(entries, isShared),
    withheld: withheld.map(([key, { entry }]) => ({ key, entry, mistake: notShared(key, steering) })),
  };
}

function joined(entries: readonly Entry[], isTaken: (key: string, part: MergedKey) => boolean): ReadonlyMap<string, MergedKey> {
  const all = entries.flatMap((entry) => [...entry.keys].map(([key, value]): [string, MergedKey] => [key, { value, entry }]));
  return new Map(all.filter(([key, part]) => isTaken(key, part)));
}

function isWorkspace(scope: Scope): boolean {
  return scope === 'folder' || scope === 'workspace';
}

function isSecret(key: string, value: unknown): boolean {
  return value !== null && (secretKeys.has(key) || (key === 'HOST' && hasCredentials(value)));
}

function notShared(key: string, steering: string): Mistake {
  return {
    code: 'settings.secretNotShared',
    severity: key.endsWith('PASSWORD') ? 'warning' : 'error',
    at: 'key',
    message: `${key} of user settings is not used here, because ${steering} comes from the workspace.`,
    hint: 'Define the whole database in one place, or keep its password in secret storage.',
  };
}
