import * as vscode from 'vscode';
import { createProgressText, percentOf } from '../core/progressWords.ts';
import type { Progress, Question, Run } from '../core/run.ts';
import type { Log } from './log.ts';

/** A job as the person sees it while it runs. */
export interface ShownWork {
  /** Our own words and checked names only: a notification draws links. */
  readonly title: string;
  readonly controller: AbortController;
  readonly log: Log;
  readonly answer: (question: Question) => Promise<boolean>;
}

/**
 * Runs work under a notification with percent, bytes, speed and Cancel.
 *
 * Errors: those of the work; the abort reason of the controller once it was cancelled.
 */
export async function withProgress<Result>(work: ShownWork, task: (run: Run) => Promise<Result>): Promise<Result> {
  const options = { location: vscode.ProgressLocation.Notification, title: work.title, cancellable: true };
  return vscode.window.withProgress(options, async (notification, token) => {
    const cancelling = token.onCancellationRequested(() => work.controller.abort());
    try {
      return await task({
        signal: work.controller.signal,
        progress: reporter(notification),
        log: (level, text) => work.log.write(level, text),
        ask: (question) => {
          notification.report({ message: vscode.l10n.t('waiting for your answer') });
          return work.answer(question);
        },
      });
    } finally {
      cancelling.dispose();
    }
  });
}

/** Only the main phase moves the bar: it fills once and never runs backwards. */
function reporter(notification: vscode.Progress<{ message: string; increment?: number }>): (progress: Progress) => void {
  const text = createProgressText(() => performance.now());
  let shown = 0;
  return (progress) => {
    const isMain = progress.phase === 'dumping' || progress.phase === 'restoring';
    const percent = isMain ? (percentOf(progress) ?? shown) : shown;
    const increment = Math.max(0, percent - shown);
    shown += increment;
    notification.report({ message: text(progress), ...(increment === 0 ? {} : { increment }) });
  };
}
