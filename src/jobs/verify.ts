import { isCancellation, toFailure } from '../core/errors.ts';
import type { RequestOf, ResultOf } from '../core/job.ts';
import { openDump } from '../dumps/open.ts';
import { fileStamp, recordResult } from '../dumps/verifyResults.ts';
import type { JobContext } from './context.ts';
import { knownFormat } from './formats.ts';

type VerifiedFile = ResultOf<'verify'>['files'][number];

/** Decodes each dump completely and remembers what was found. A damaged dump is a finding, not an error. */
export async function verify(request: RequestOf<'verify'>, context: JobContext): Promise<ResultOf<'verify'>> {
  const files: VerifiedFile[] = [];
  for (const file of request.files) files.push(await verifyOne(file, context));
  return { kind: 'verify', files };
}

const findings = new Set(['dumps.empty', 'dumps.truncated', 'dumps.damaged', 'dumps.unknownFormat', 'dumps.tooLarge']);

async function verifyOne(file: string, context: JobContext): Promise<VerifiedFile> {
  const stamp = await fileStamp(file);
  try {
    const sha256 = await decode(file, context);
    if (stamp !== undefined) await recordResult(context.stateDirectory, stamp, { state: 'verified', sha256 });
    return { file, state: 'verified' };
  } catch (error) {
    const { code, sentence: problem } = toFailure(error);
    if (isCancellation(error) || !findings.has(code)) throw error;
    if (stamp !== undefined) await recordResult(context.stateDirectory, stamp, { state: 'damaged', problem });
    return { file, state: 'damaged', code, problem };
  }
}

async function decode(file: string, context: JobContext): Promise<string> {
  const dump = await openDump(file, { ...context, access: 'inPlace' });
  try {
    const format = await knownFormat(dump, context);
    await format.verify(dump.plain.path, 'full', context, context.run);
    return dump.sha256;
  } finally {
    await dump.close();
  }
}
