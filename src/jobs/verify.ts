import { BackupError, isCancellation, toFailure } from '../core/errors.ts';
import type { RequestOf, ResultOf } from '../core/job.ts';
import { openDump } from '../dumps/open.ts';
import { recordResult } from '../dumps/verifyResults.ts';
import type { JobContext } from './context.ts';

type VerifiedFile = ResultOf<'verify'>['files'][number];

/** Decodes each dump completely and remembers what was found. A damaged dump is a finding, not an error. */
export async function verify(request: RequestOf<'verify'>, context: JobContext): Promise<ResultOf<'verify'>> {
  const files: VerifiedFile[] = [];
  for (const file of request.files) files.push(await verifyOne(file, context));
  return { kind: 'verify', files };
}

const findings = new Set(['dumps.empty', 'dumps.truncated', 'dumps.damaged', 'dumps.unknownFormat', 'dumps.tooLarge']);

async function verifyOne(file: string, context: JobContext): Promise<VerifiedFile> {
  const found = await decode(file, context).then(
    (): VerifiedFile => ({ file, state: 'verified' }),
    (error: unknown): VerifiedFile => {
      const failure = toFailure(error);
      if (isCancellation(error) || !findings.has(failure.code)) throw error;
      return { file, state: 'damaged', code: failure.code, problem: failure.sentence };
    },
  );
  await recordResult(context.stateDirectory, file, found);
  return found;
}

async function decode(file: string, context: JobContext): Promise<void> {
  const dump = await openDump(file, context);
  const format = await context.formatOf(dump.head);
  if (format === undefined) {
    throw new BackupError('dumps.unknownFormat', `${dump.name} is not a dump of a kind that is known here.`, {
      hint: 'Choose another file, or make a new dump.',
    });
  }
  await format.verify(dump.plain.path, 'full', context, context.run);
}
