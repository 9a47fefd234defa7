import * as z from 'zod';

/** A dump's target as its manifest keeps it: a path inside the workspace is relative to it, with `/`, so that a moved workspace keeps its dumps. */
const manifestTargetSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), engine: z.string(), path: z.string().max(4096) }),
  z.object({
    kind: z.literal('server'),
    engine: z.string(),
    host: z.string().max(1024),
    port: z.number().int(),
    database: z.string().max(1024),
  }),
]);

export type ManifestTarget = z.infer<typeof manifestTargetSchema>;

const hex256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What is known of a dump, written beside it as `<dump>.json` and never changed.
 *
 * Shape: format version 1. `origin` is the HMAC-SHA256 of the manifest without it, under this user's `origin.key`.
 * Units: bytes, milliseconds, UTC (ISO 8601 with `Z`). `sequence` grows by one per dump in a directory and does not depend on the clock.
 * Read as hostile: sizes are bounded, and nothing in it chooses code, a path or a program.
 */
export const manifestSchema = z.object({
  version: z.literal(1),
  alias: z.string().min(1).max(1024),
  engine: z.string().max(128),
  connector: z.string().max(256),
  format: z.string().max(64),
  file: z.string().min(1).max(255),
  kind: z.enum(['manual', 'safety']),
  compression: z.enum(['none', 'gzip', 'zstd']),
  sizeBytes: z.number().int().nonnegative(),
  plainBytes: z.number().int().nonnegative(),
  sha256: hex256,
  createdUtc: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  sequence: z.number().int().nonnegative(),
  verification: z.enum(['none', 'quick', 'full']),
  target: manifestTargetSchema,
  serverVersion: z.string().max(256),
  tools: z.array(z.object({ name: z.string().max(256), path: z.string().max(4096), version: z.string().max(256) })).max(32),
  options: z.record(z.string().max(128), z.unknown()),
  contents: z.object({
    tables: z.array(z.object({ name: z.string(), rows: z.number().int().nonnegative().optional() })),
    objects: z.record(z.string(), z.number().int().nonnegative()),
  }),
  warnings: z.array(z.string()),
  git: z
    .object({ branch: z.string().max(512).optional(), commit: z.string().max(64).optional(), dirty: z.boolean().optional() })
    .optional(),
  origin: hex256.optional(),
});

export type DumpManifest = z.infer<typeof manifestSchema>;

/** The longest manifest that is written or read, in bytes: a longer file beside a dump is no manifest. */
export const manifestMaxBytes = 1_048_576;

/**
 * The text that a manifest's HMAC is made of: its JSON without `origin`, in the order in which it was written.
 *
 * Shape: `json` is an object as JSON.parse gives it, unknown keys included, so that a later version's manifest keeps its origin.
 */
export function signedText(json: object): string {
  return JSON.stringify({ ...json, origin: undefined });
}
