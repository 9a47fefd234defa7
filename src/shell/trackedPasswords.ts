import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import type { Database } from '../core/database.ts';
import { passwordKey } from '../core/secretKey.ts';
import { nameText } from '../core/words.ts';
import { isTracked } from './git.ts';
import type { Jobs } from './jobs.ts';
import { reportWarning } from './report.ts';
import { writtenPasswords } from './writtenPasswords.ts';

const memory = 'dbbackup.warnedPasswords';

/** Warns of passwords in settings files that git tracks: once for each target, after a job, and with the way out. */
export class TrackedPasswords implements vscode.Disposable {
  readonly #state: vscode.Memento;
  readonly #subscription: vscode.Disposable;

  constructor(jobs: Jobs, state: vscode.Memento) {
    this.#state = state;
    this.#subscription = jobs.onDidEnd((request) => {
      if ('database' in request) void this.#look(request.database);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(database: Database): Promise<void> {
    const key = passwordKey(database);
    const warned = this.#state.get<readonly string[]>(memory, []);
    if (key === undefined || warned.includes(key)) return;
    const written = await writtenPasswords(database);
    const tracked = await Promise.all(written.map(({ uri }) => isTracked(uri)));
    if (!tracked.includes(true)) return;
    await this.#state.update(memory, [...warned, key]);
    const { alias, folder } = database;
    const sentence = vscode.l10n.t('The password of {0} stands in a settings file that git tracks.', nameText(alias));
    const move = {
      title: vscode.l10n.t('Move to Secret Storage'),
      command: commandIds.movePassword,
      argument: { alias, folder },
    };
    reportWarning(sentence, [move]);
  }
}
