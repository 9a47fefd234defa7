import * as z from 'zod';
import { databaseSchema } from './databaseSchema.ts';

/**
 * Where and how dumps are kept, as resolved for one workspace folder.
 *
 * Shape: `directory` absolute; `folder` is the workspace folder that manifests' paths are relative to.
 */
export const dumpSettingsSchema = z.object({
  folder: z.string(),
  directory: z.string(),
  filenameTemplate: z.string(),
  dateFormat: z.string(),
  hostname: z.string(),
  compression: z.enum(['none', 'gzip', 'zstd']),
  verification: z.enum(['quick', 'full']),
  cleanupKeep: z.number().int().min(1),
  safetyBackup: z.boolean(),
});

export type DumpSettings = z.infer<typeof dumpSettingsSchema>;

export const gitFactsSchema = z.object({
  branch: z.string().optional(),
  commit: z.string().optional(),
  dirty: z.boolean().optional(),
});

export type GitFacts = z.infer<typeof gitFactsSchema>;

const common = { dumps: dumpSettingsSchema, stateDirectory: z.string() };

/** One request per kind of job. The only way to start one, from the shell as from the command line. */
export const jobRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('describe'), databases: z.array(databaseSchema), stateDirectory: z.string() }),
  /** Connects and looks, as *Test Connection* does. */
  z.object({ kind: z.literal('inspect'), database: databaseSchema, stateDirectory: z.string() }),
  z.object({ kind: z.literal('backup'), database: databaseSchema, git: gitFactsSchema.optional(), ...common }),
  z.object({
    kind: z.literal('restore'),
    database: databaseSchema,
    /** Absolute path of the dump file. */
    dump: z.string(),
    git: gitFactsSchema.optional(),
    ...common,
  }),
  /** Absolute paths of dump files; their manifests are looked for beside them. */
  z.object({ kind: z.literal('verify'), files: z.array(z.string()), ...common }),
  z.object({ kind: z.literal('clean'), databases: z.array(databaseSchema), ...common }),
  z.object({ kind: z.literal('recover'), ...common }),
]);

export type JobRequest = z.infer<typeof jobRequestSchema>;
export type RequestOf<Kind extends JobRequest['kind']> = Extract<JobRequest, { kind: Kind }>;

const toolFactsSchema = z.object({
  name: z.string(),
  path: z.string(),
  version: z.string(),
  why: z.string().optional(),
  container: z.string().optional(),
});
const toolCallSchema = z.object({
  program: z.string(),
  args: z.array(z.string()),
  /** Values of secret variables are already masked. */
  env: z.record(z.string(), z.string()),
});

export const descriptionSchema = z.object({
  alias: z.string(),
  folder: z.string(),
  connector: z.string(),
  tools: z.array(toolFactsSchema),
  dump: z.array(toolCallSchema),
  restore: z.array(toolCallSchema),
  problems: z.array(
    z.object({
      key: z.string(),
      severity: z.enum(['error', 'warning']),
      code: z.string(),
      message: z.string(),
      hint: z.string(),
    }),
  ),
});

export type DescribedDatabase = z.infer<typeof descriptionSchema>;

const verifiedFileSchema = z.object({
  file: z.string(),
  state: z.enum(['verified', 'damaged']),
  code: z.string().optional(),
  problem: z.string().optional(),
});

/** One result per kind of job. Paths are absolute; times are milliseconds, sizes bytes. */
export const jobResultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('describe'), databases: z.array(descriptionSchema) }),
  z.object({
    kind: z.literal('inspect'),
    exists: z.boolean(),
    serverVersion: z.string(),
    tables: z.number(),
    tools: z.array(toolFactsSchema),
  }),
  z.object({
    kind: z.literal('backup'),
    alias: z.string(),
    connector: z.string(),
    file: z.string(),
    sizeBytes: z.number(),
    sha256: z.string(),
    durationMs: z.number(),
    verification: z.enum(['quick', 'full']),
    warnings: z.array(z.string()),
  }),
  z.object({
    kind: z.literal('restore'),
    alias: z.string(),
    connector: z.string(),
    file: z.string(),
    dumpCreatedUtc: z.string(),
    /** Absent when no safety dump was made: switched off, or the target did not exist. */
    safetyFile: z.string().optional(),
    durationMs: z.number(),
    warnings: z.array(z.string()),
  }),
  z.object({ kind: z.literal('verify'), files: z.array(verifiedFileSchema) }),
  z.object({ kind: z.literal('clean'), deleted: z.array(z.string()), freedBytes: z.number() }),
  /** Aliases whose interrupted restores were rolled back. */
  z.object({ kind: z.literal('recover'), rolledBack: z.array(z.string()) }),
]);

export type JobResult = z.infer<typeof jobResultSchema>;
export type ResultOf<Kind extends JobResult['kind']> = Extract<JobResult, { kind: Kind }>;
