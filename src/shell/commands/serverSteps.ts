import * as vscode from 'vscode';
import { targetLabel, type Database } from '../../core/database.ts';
import type { Family } from '../../core/engines.ts';
import { isCancellation, toFailure, type ErrorCode } from '../../core/errors.ts';
import type { ResultOf } from '../../core/job.ts';
import { engineText } from '../../core/restoreWords.ts';
import { defaultPort } from '../../core/settings/keys.ts';
import { hasCredentials, isPort } from '../../core/settings/target.ts';
import { countText, sentenceText } from '../../core/words.ts';
import { iconless } from '../iconless.ts';
import { backButton, inputStep, shown, type Step } from '../wizard.ts';

/** A database on a server, as far as it is known: texts as they were typed. */
export interface NewServer {
  readonly family?: Family;
  readonly host?: string;
  readonly port?: string;
  readonly name?: string;
  readonly user?: string;
  readonly password?: string;
}

/** A text of a server that is asked for. */
interface Question {
  readonly key: Exclude<keyof NewServer, 'family'>;
  readonly prompt: string;
  readonly isSecret?: boolean;
  readonly suggest?: (family: Family) => string;
  readonly problemOf?: (text: string) => string | undefined;
}

const questions: readonly Question[] = [
  {
    key: 'host',
    prompt: vscode.l10n.t('On which host is the server? A path is a socket.'),
    suggest: () => 'localhost',
    problemOf: (text) => {
      if (text.trim() === '') return vscode.l10n.t('Type a name, an address or a path.');
      return hasCredentials(text) ? vscode.l10n.t('Leave out user and password: they are asked for next.') : undefined;
    },
  },
  {
    key: 'port',
    prompt: vscode.l10n.t('On which port?'),
    suggest: (family) => String(defaultPort(family)),
    problemOf: (text) => (isPort(text) ? undefined : vscode.l10n.t('A port is a number from 1 to 65535.')),
  },
  {
    key: 'name',
    prompt: vscode.l10n.t('What is the database called on its server?'),
    problemOf: (text) => (text === '' ? vscode.l10n.t('Type the name of the database.') : undefined),
  },
  {
    key: 'user',
    prompt: vscode.l10n.t('As which user? Leave it empty where the tool knows.'),
    suggest: (family) => (family === 'postgresql' ? 'postgres' : family === 'mysql' ? 'root' : ''),
  },
  {
    key: 'password',
    prompt: vscode.l10n.t('With which password? It goes into secret storage. Leave it empty where none is needed.'),
    isSecret: true,
  },
];

/** What is asked of a database on a server, in this order. */
export const serverSteps: readonly Step<NewServer>[] = questions.map(({ key, prompt, isSecret = false, suggest, problemOf }) =>
  inputStep<NewServer>({
    prompt,
    isSecret,
    suggest: ({ family }) => (family === undefined ? '' : (suggest?.(family) ?? '')),
    problemOf: (text) => problemOf?.(text),
    textOf: (known) => known[key],
    answerOf: (text) => ({ [key]: text }),
  }),
);

type Row = vscode.QuickPickItem & { readonly choice?: 'add' | 'again' };

/** Looks at a database over its connection. Errors: as the job `inspect`. */
export type Inspect = (database: Database, signal: AbortSignal) => Promise<ResultOf<'inspect'>>;

/**
 * Test Connection: connects at once, says what it found, and lets the database be added whatever it was.
 *
 * Shape: the last step; leaving it ends the attempt.
 */
export function testStep<Known>(databaseOf: (known: Known) => Database | undefined, inspect: Inspect): Step<Known> {
  return async (known, draft, place) => {
    const database = databaseOf(known);
    if (database === undefined) return { kind: 'next', known };
    const target = iconless(`${engineText(database.engine)} ${targetLabel(database.target)}`);
    const pick = vscode.window.createQuickPick<Row>();
    const placeholder = vscode.l10n.t('Test Connection: {0}', target);
    Object.assign(pick, place, { placeholder, ignoreFocusOut: true, buttons: backButton(place), busy: true });
    const show = (state: Row, choices: readonly Row[]): void => {
      pick.items = [state, ...choices];
      pick.activeItems = choices.slice(0, 1);
    };
    show({ label: `$(sync~spin) ${vscode.l10n.t('Connecting…')}` }, [addRow(vscode.l10n.t('Add without Testing'))]);
    const leaving = new AbortController();
    void inspect(database, leaving.signal).then(
      (found) => {
        show({ label: `$(pass) ${foundText(database, found)}` }, [addRow(vscode.l10n.t('Add'))]);
        pick.busy = false;
      },
      (error: unknown) => {
        if (isCancellation(error)) return;
        const again: Row = { label: `$(refresh) ${vscode.l10n.t('Try Again')}`, choice: 'again' };
        show(failureRow(error), [again, addRow(vscode.l10n.t('Add Anyway'))]);
        pick.busy = false;
      },
    );
    const answer = await shown(pick, () => pick.selectedItems[0]?.choice);
    leaving.abort();
    if (answer.kind !== 'next') return answer;
    return answer.known === 'again' ? testStep(databaseOf, inspect)(known, draft, place) : { kind: 'next', known };
  };
}

function addRow(label: string): Row {
  return { label: `$(add) ${label}`, choice: 'add' };
}

function foundText({ engine }: Database, { exists, serverVersion, tables }: ResultOf<'inspect'>): string {
  // Of a server without the database, nothing else was looked at.
  const server = iconless(`${engineText(engine)} ${serverVersion}`.trim());
  return exists
    ? vscode.l10n.t('Connected: {0}, {1}', server, countText(tables, 'table'))
    : vscode.l10n.t('Connected: {0}, which has no such database yet', server);
}

/** The next step where nothing stands in the settings yet. */
const corrections: Readonly<Partial<Record<ErrorCode, string>>> = {
  'connection.refused': vscode.l10n.t('Start the server, or go back to correct host and port.'),
  'connection.unknownHost': vscode.l10n.t('Go back to correct the host.'),
  'connection.wrongPassword': vscode.l10n.t('Go back to correct user and password.'),
};

function failureRow(error: unknown): Row {
  const { code, sentence, hint } = toFailure(error);
  return { label: `$(error) ${iconless(sentenceText(sentence))}`, detail: iconless(sentenceText(corrections[code] ?? hint)) };
}
