import * as z from 'zod';

/**
 * Which database is meant, whatever its alias: locks, listing and secrets go by it.
 *
 * Shape: a `file` target holds an absolute path; two targets are the same when `targetKey` gives the same text.
 */
export const targetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), engine: z.string(), path: z.string() }),
  z.object({ kind: z.literal('server'), engine: z.string(), host: z.string(), port: z.number(), database: z.string() }),
]);

export type Target = z.infer<typeof targetSchema>;

/** Where a database's settings came from, narrowest scope first. */
export const scopeSchema = z.enum(['folder', 'workspace', 'user', 'file']);

export type Scope = z.infer<typeof scopeSchema>;

/**
 * A database as the settings resolve it: merged keys, variables expanded, connector chosen.
 *
 * Shape: `keys` hold the merged settings keys in their own spelling (NAME, EXCLUDE …), already validated for the connector;
 * `keyScopes` says where each key came from; `folder` is the absolute path of the workspace folder it belongs to.
 * May hold secrets: never log it.
 */
export const databaseSchema = z.object({
  alias: z.string(),
  /** Family name: `sqlite`, `mysql`, `postgresql`, `mongodb`, `other`. */
  engine: z.string(),
  connector: z.string(),
  keys: z.record(z.string(), z.unknown()),
  keyScopes: z.record(z.string(), scopeSchema).optional(),
  folder: z.string(),
  scope: scopeSchema,
  target: targetSchema,
  /** `dbbackup.tools`: absolute paths by tool name. From user or machine settings only. */
  tools: z.record(z.string(), z.string()),
});

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
