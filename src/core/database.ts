import type * as z from 'zod';
import type { databaseSchema, scopeSchema, targetSchema } from './databaseSchema.ts';

// Types only: whoever asks what a database is called need not load its schema.
export type Target = z.infer<typeof targetSchema>;
export type Scope = z.infer<typeof scopeSchema>;
export type Database = z.infer<typeof databaseSchema>;

/** The text under which a target is locked and compared. The path of a `file` target must be real (links resolved). */
export function targetKey(target: Target): string {
  return target.kind === 'file'
    ? `${target.engine}:${target.path}`
    : `${target.engine}://${target.host}:${target.port}/${target.database}`;
}

/** The target in the user's words, without secrets: a file's name, or `shop on localhost`. */
export function targetLabel(target: Target): string {
  return target.kind === 'file' ? (target.path.split(/[\\/]/).at(-1) ?? target.path) : `${target.database} on ${target.host}`;
}

/** The target as the question before a restore names it, so that two servers on one host are told apart: `shop on localhost:5432`. */
export function targetAddress(target: Target): string {
  const hasPort = target.kind === 'server' && !target.host.startsWith('/');
  return hasPort ? `${targetLabel(target)}:${target.port}` : targetLabel(target);
}

/** True where the target's host is this machine: a path (socket or file), or a loopback name. */
export function isLocal(target: Target): boolean {
  if (target.kind === 'file' || target.host.startsWith('/')) return true;
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(target.host);
}

const shownOptions = [
  'EXCLUDE',
  'EXTENSION',
  'SCHEMAS',
  'DROP',
  'IF_EXISTS',
  'SINGLE_TRANSACTION',
  'OBJECT_CHECK',
  'JOBS',
  'MERGE',
];

/** The keys that shape a dump, for its manifest: by an allow-list, since any other key of a custom connector may be a secret. */
export function optionsInForce(keys: Database['keys']): Database['keys'] {
  return Object.fromEntries(Object.entries(keys).filter(([name]) => shownOptions.includes(name)));
}
