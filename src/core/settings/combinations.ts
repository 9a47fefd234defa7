import type { Mistake } from './entry.ts';
import { isUri, uriPassword } from './target.ts';

/** What a rule looks at: the merged keys that are set, and how dumps are made. */
export type SetKeys = ReadonlyMap<string, unknown>;

/** A mistake that only several keys make together, at the key that has to change. */
export interface Combination {
  readonly key: string;
  readonly mistake: Mistake;
}

/** Keys that are right one by one and can't be meant together. Defaults never clash: only what is written counts. */
export function badCombinations(keys: SetKeys): readonly Combination[] {
  return rules.filter(({ applies }) => applies(keys)).map(({ key, mistake }) => ({ key, mistake }));
}

interface Rule extends Combination {
  readonly applies: (keys: SetKeys) => boolean;
}

const rules: readonly Rule[] = [
  {
    key: 'JOBS',
    applies: (keys) => Number(keys.get('JOBS') ?? 1) > 1 && keys.get('SINGLE_TRANSACTION') === true,
    mistake: {
      code: 'settings.combination',
      message: 'JOBS above 1 can’t restore in a SINGLE_TRANSACTION.',
      hint: 'Remove one of the two.',
      fix: { kind: 'replaceValue', title: 'Change JOBS to 1', value: 1 },
    },
  },
  {
    key: 'IF_EXISTS',
    applies: (keys) => keys.get('IF_EXISTS') === true && keys.get('DROP') === false,
    mistake: {
      code: 'settings.combination',
      severity: 'warning',
      message: 'IF_EXISTS has no effect when DROP is false.',
      hint: 'Remove IF_EXISTS, or set DROP to true.',
    },
  },
  {
    key: 'ADMIN_PASSWORD',
    applies: (keys) => keys.has('ADMIN_PASSWORD') && !keys.has('ADMIN_USER'),
    mistake: {
      code: 'settings.combination',
      severity: 'warning',
      message: 'ADMIN_PASSWORD has no effect without ADMIN_USER.',
      hint: 'Add ADMIN_USER, or remove ADMIN_PASSWORD.',
    },
  },
  {
    key: 'PORT',
    applies: (keys) => isUri(keys.get('HOST')) && (keys.get('PORT') ?? '') !== '',
    mistake: {
      code: 'settings.combination',
      message: 'PORT can’t stand beside a HOST that is a URI.',
      hint: 'Write the port into the URI.',
    },
  },
  {
    key: 'HOST',
    applies: (keys) => uriPassword(keys.get('HOST')) !== '',
    mistake: {
      code: 'settings.combination',
      severity: 'warning',
      message: 'HOST holds a password, which secret storage can’t keep there.',
      hint: 'Write user and password as USER and PASSWORD, or let secret storage keep the password.',
    },
  },
];
