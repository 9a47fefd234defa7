import * as vscode from 'vscode';
import { BackupError } from '../core/errors.ts';
import type { JobRequest, RequestOf, ResultOf } from '../core/job.ts';
import type { Question } from '../core/run.ts';
import type { Log } from './log.ts';
import { withProgress } from './progress.ts';

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
}

/** Starts jobs in their own processes and knows which ones run. Disposing cancels them all. The channel is loaded with the first one. */
export class Jobs implements vscode.Disposable {
  readonly #options: JobsOptions;
  readonly #running = new Set<RunningJob>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

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
   * Runs a job under a progress notification.
   *
   * Errors: BackupError whose sentence begins with what failed (`Backing up default failed: …`); the abort reason when cancelled.
   */
  async run<Kind extends JobRequest['kind']>(
    request: RequestOf<Kind>,
    { title, subjects }: Pick<RunningJob, 'title' | 'subjects'>,
  ): Promise<ResultOf<Kind>> {
    const { jobProcess, log, answer } = this.#options;
    const controller = new AbortController();
    const job: RunningJob = { title, subjects, cancel: () => controller.abort() };
    this.#running.add(job);
    this.#changed.fire();
    log.write('info', title);
    try {
      return await withProgress({ title, controller, log, answer }, async (run) => {
        const { runJob } = await import('../channel/client.ts');
        return runJob<Kind>(jobProcess, request, run);
      });
    } catch (error) {
      throw withTitle(title, error);
    } finally {
      this.#running.delete(job);
      this.#changed.fire();
    }
  }

  /** Runs a job that needs no attention: no notification, and questions are answered with no. */
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

  dispose(): void {
    for (const job of this.#running) job.cancel();
    this.#changed.dispose();
  }
}

function isSame(one: Subject, other: Subject): boolean {
  if (one.kind === 'dump') return other.kind === 'dump' && one.file === other.file;
  return other.kind === 'database' && one.folder === other.folder && one.alias === other.alias;
}

function withTitle(title: string, error: unknown): unknown {
  if (!(error instanceof BackupError)) return error;
  const sentence = vscode.l10n.t('{0} failed: {1}', title, error.message);
  return new BackupError(error.code, sentence, { hint: error.hint, cause: error });
}
