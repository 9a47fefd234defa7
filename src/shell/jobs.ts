import * as vscode from 'vscode';
import type { Database } from '../core/database.ts';
import { BackupError } from '../core/errors.ts';
import type { DescribedDatabase, JobRequest, RequestOf, ResultOf } from '../core/job.ts';
import { workspaceParts } from '../core/plan.ts';
import type { Question } from '../core/run.ts';
import type { Approvals } from './approvals.ts';
import type { Log } from './log.ts';
import { withProgress } from './progress.ts';
import type { Passwords } from './secrets.ts';

/** What a job works on, as rows and commands name it: a database of a folder, or a dump file. */
export type Subject =
  | { readonly kind: 'database'; readonly folder: string; readonly alias: string }
  | { readonly kind: 'dump'; readonly file: string };

/** A job that has not ended. `title` is what its notification says. */
export interface RunningJob {
  readonly title: string;
  readonly subjects: readonly Subject[];
  cancel(): void;
}

export interface JobsOptions {
  /** Absolute path of the job process' bundle. */
  readonly jobProcess: string;
  readonly log: Log;
  readonly answer: (question: Question) => Promise<boolean>;
  readonly passwords: Passwords;
  readonly approvals: Approvals;
}

/** A failure of a job, with what the job was about. */
export class JobFailure extends BackupError {
  readonly subjects: readonly Subject[];

  constructor(sentence: string, cause: BackupError, subjects: readonly Subject[]) {
    super(cause.code, sentence, { hint: cause.hint, cause });
    this.subjects = subjects;
  }
}

/** Starts jobs in their own processes and knows which ones run. Disposing cancels them all. The channel is loaded with the first one. */
export class Jobs implements vscode.Disposable {
  readonly #options: JobsOptions;
  readonly #running = new Set<RunningJob>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #ended = new vscode.EventEmitter<JobRequest>();
  /** Tells what a job was asked for, once it has ended in whatever way. Kept passwords are not in it. */
  readonly onDidEnd = this.#ended.event;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get running(): readonly RunningJob[] {
    return [...this.#running];
  }

  find(subject: Subject): RunningJob | undefined {
    return this.running.find((job) => job.subjects.some((other) => isSame(subject, other)));
  }

  /**
   * Runs a job under a progress notification, once what it starts is approved.
   *
   * Errors: JobFailure whose sentence begins with what failed (`Backing up default failed: …`); the abort reason when cancelled.
   */
  async run<Kind extends JobRequest['kind']>(
    request: RequestOf<Kind>,
    { title, subjects }: Pick<RunningJob, 'title' | 'subjects'>,
  ): Promise<ResultOf<Kind>> {
    const { jobProcess, log, answer, passwords } = this.#options;
    const approved = 'database' in request ? { ...request, database: await this.#approved(request.database, request) } : request;
    const controller = new AbortController();
    const job: RunningJob = { title, subjects, cancel: () => controller.abort() };
    this.#running.add(job);
    this.#changed.fire();
    log.write('info', title);
    try {
      return await withProgress({ title, controller, log, answer }, async (run) => {
        const { runJob } = await import('../channel/client.ts');
        return runJob<Kind>(jobProcess, await passwords.into(approved), run);
      });
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      throw new JobFailure(vscode.l10n.t('{0} failed: {1}', title, error.message), error, subjects);
    } finally {
      this.#running.delete(job);
      this.#changed.fire();
      this.#ended.fire(request);
    }
  }

  /** Connects to a database with the password that it has, as Test Connection does: without a tool, so in no container. Errors: as the job. */
  async inspect(database: Database, stateDirectory: string, signal: AbortSignal): Promise<ResultOf<'inspect'>> {
    const approved = workspaceParts(database).length === 0 ? database : await this.#approved(database, { stateDirectory });
    return this.runQuietly<'inspect'>({ kind: 'inspect', database: approved, stateDirectory }, signal);
  }

  /** Runs a job that needs no attention, as it is: no notification, no kept passwords, and questions are answered with no. */
  async runQuietly<Kind extends JobRequest['kind']>(request: RequestOf<Kind>, signal: AbortSignal): Promise<ResultOf<Kind>> {
    const { jobProcess, log } = this.#options;
    const { runJob } = await import('../channel/client.ts');
    return runJob<Kind>(jobProcess, request, {
      signal,
      progress: () => undefined,
      log: (level, text) => log.write(level, text),
      ask: () => Promise.resolve(false),
    });
  }

  /** The database with what was allowed for it. Errors: the abort reason when it is not. */
  async #approved(database: Database, { stateDirectory }: { readonly stateDirectory: string }): Promise<Database> {
    const { passwords, approvals } = this.#options;
    const describe = async (): Promise<DescribedDatabase | undefined> => {
      const request = await passwords.into({ kind: 'describe', databases: [database], stateDirectory } as const);
      return (await this.runQuietly<'describe'>(request, new AbortController().signal)).databases[0];
    };
    return { ...database, mayUseContainers: await approvals.approve(database, describe) };
  }

  dispose(): void {
    for (const job of this.#running) job.cancel();
    this.#changed.dispose();
    this.#ended.dispose();
  }
}

function isSame(one: Subject, other: Subject): boolean {
  if (one.kind === 'dump') return other.kind === 'dump' && one.file === other.file;
  return other.kind === 'database' && one.folder === other.folder && one.alias === other.alias;
}
