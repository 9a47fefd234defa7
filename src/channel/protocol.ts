import * as z from 'zod';
import { errorCodes } from '../core/errors.ts';
import { jobRequestSchema, jobResultSchema } from '../core/job.ts';
import { logLevelSchema, progressSchema, questionSchema } from '../core/run.ts';

/** Grows with every change of a message, so that a job process of another version is refused instead of misunderstood. */
export const protocolVersion = 1;

/** What the client says to a job process: `start` once, then answers, perhaps `cancel`. Secrets travel in `start` only. */
export const messageToJobSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), version: z.literal(protocolVersion), request: jobRequestSchema }),
  z.object({ kind: z.literal('answer'), id: z.number(), yes: z.boolean() }),
  z.object({ kind: z.literal('cancel') }),
]);

export type MessageToJob = z.infer<typeof messageToJobSchema>;

/** What a job process says: exactly one of `done`, `failed` and `cancelled` is its last message. */
export const messageFromJobSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), progress: progressSchema }),
  z.object({ kind: z.literal('log'), level: logLevelSchema, text: z.string() }),
  z.object({ kind: z.literal('question'), id: z.number(), question: questionSchema }),
  z.object({ kind: z.literal('done'), result: jobResultSchema }),
  z.object({
    kind: z.literal('failed'),
    failure: z.object({ code: z.enum(errorCodes), sentence: z.string(), hint: z.string() }),
  }),
  z.object({ kind: z.literal('cancelled') }),
]);

export type MessageFromJob = z.infer<typeof messageFromJobSchema>;
