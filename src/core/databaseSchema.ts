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

/** Where a database's settings came from, narrowest scope first. */
export const scopeSchema = z.enum(['folder', 'workspace', 'user', 'file']);

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
  /** Whether tools may be run in a container of the folder's compose file, which is approved as commands of a workspace are. */
  mayUseContainers: z.boolean().optional(),
});
