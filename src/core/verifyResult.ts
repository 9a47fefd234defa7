import * as z from 'zod';

/**
 * What a Verify of a dump found, kept in the state directory because a manifest never changes.
 *
 * Shape: counts only while the file at `file` (real path) still has this size, time and, where it was read to its end, content.
 * Units: bytes, milliseconds since 1970.
 */
export const verifyResultSchema = z.object({
  file: z.string(),
  sizeBytes: z.number(),
  mtimeMs: z.number(),
  sha256: z.string().optional(),
  state: z.enum(['verified', 'damaged']),
  problem: z.string().optional(),
});

export type VerifyResult = z.infer<typeof verifyResultSchema>;
