import { connectorFor, formatById, formatOf, warmConnector } from './connectors/registry.ts';
import { BackupError, isCancellation, toFailure } from './core/errors.ts';
import type { JobRequest, JobResult, RequestOf } from './core/job.ts';
import { createRedactor, secretsOf } from './core/redact.ts';
import type { Run } from './core/run.ts';
import { backup } from './jobs/backup.ts';
import { clean } from './jobs/clean.ts';
import { withContext, type DatabaseJobContext } from './jobs/context.ts';
import { describeDatabases } from './jobs/describe.ts';
import { inspect } from './jobs/inspect.ts';
import { recover } from './jobs/recover.ts';
import { restore } from './jobs/restore.ts';
import { verify } from './jobs/verify.ts';

type DatabaseRequest = RequestOf<'inspect' | 'backup' | 'restore'>;

/**
 * Performs one request: the only code that joins a connector and a job. The job process and the command line both end here.
 *
 * Errors: BackupError; the abort reason when cancelled; anything else is a defect. No secret of the request's databases is in any of them, nor in the log.
 */
export async function perform(request: JobRequest, run: Run): Promise<JobResult> {
  const redact = createRedactor(secretsIn(request));
  const safeRun: Run = {
    signal: run.signal,
    progress: (progress) => run.progress(progress),
    log: (level, text) => run.log(level, redact(text)),
    ask: (question) => run.ask(question),
  };
  try {
    return await start(request, safeRun);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { code, sentence, hint } = toFailure(error);
    if (code === 'unexpected') safeRun.log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw new BackupError(code, redact(sentence), { hint: redact(hint) });
  }
}

async function start(request: JobRequest, run: Run): Promise<JobResult> {
  if (request.kind === 'describe') return describeDatabases(request, ({ connector }) => connectorFor(connector));
  const parts = { stateDirectory: request.stateDirectory, run, formatOf, formatById };
  if (request.kind === 'inspect' || request.kind === 'backup' || request.kind === 'restore') {
    const connector = await warmConnector(request.database.connector);
    return withContext(parts, (context) => startOnDatabase(request, { ...context, connector }));
  }
  return withContext(parts, async (context): Promise<JobResult> => {
    switch (request.kind) {
      case 'verify':
        return verify(request, context);
      case 'clean':
        return clean(request, context);
      case 'recover':
        return recover();
    }
  });
}

function startOnDatabase(request: DatabaseRequest, context: DatabaseJobContext): Promise<JobResult> {
  switch (request.kind) {
    case 'inspect':
      return inspect(request, context);
    case 'backup':
      return backup(request, context);
    case 'restore':
      return restore(request, context);
  }
}

function secretsIn(request: JobRequest): string[] {
  if ('database' in request) return secretsOf(request.database.keys);
  return 'databases' in request ? request.databases.flatMap((database) => secretsOf(database.keys)) : [];
}
