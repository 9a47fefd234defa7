import type { Scope } from '../database.ts';

/**
 * Every code that a problem in the settings can carry. A code is a promise to scripts: it never changes its meaning.
 *
 * Shape: each one is produced by a test.
 */
export const problemCodes = [
  'settings.wrongType',
  'settings.wrongValue',
  'settings.missingKey',
  'settings.unknownKey',
  'settings.unusedKey',
  'settings.unknownAlias',
  'settings.unknownEngine',
  'settings.unknownConnector',
  'settings.wrongConnector',
  'settings.combination',
  'settings.shellSyntax',
  'settings.variableUnset',
  'settings.variableUnknown',
  'settings.outsideWorkspace',
  'settings.zstdMissing',
  'settings.secretNotShared',
] as const;

export type ProblemCode = (typeof problemCodes)[number];

/** What a quick fix puts in the place of the key, or of the value, that a problem names. */
export type Fix =
  | { readonly kind: 'replaceKey'; readonly title: string; readonly key: string }
  | { readonly kind: 'replaceValue'; readonly title: string; readonly value: string | number | boolean };

/**
 * One mistake in the settings.
 *
 * Shape: `path` leads from the setting's name to the place (`['dbbackup.databases', 'default', 'DUMP_CMMD']`), in the layer `scope`;
 * `at` says whether the key or its value is wrong. `message` and `hint` are one sentence each and hold no value that may be secret.
 * `isInSchema` is true where the JSON schema of package.json rejects the same value, so that the editor already underlines it.
 * An `error` stops the database, or the setting, that it is about; a `warning` stops nothing.
 */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly at: 'key' | 'value';
  readonly scope: Scope;
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
  readonly isInSchema: boolean;
  readonly fix?: Fix;
}
