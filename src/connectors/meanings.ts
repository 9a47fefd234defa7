import { BackupError, type ErrorCode } from '../core/errors.ts';

/** What an error of a server or its tools means to the user. */
export interface Meaning {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint: string;
}

/** Meanings by what the texts of an error match, the first that does counts. `where` is `shop on localhost`. */
export type Meanings = readonly (readonly [RegExp, (where: string) => Meaning])[];

/** What an error with these texts means; undefined where the table does not know it. */
export function meaningOf(
  meanings: Meanings,
  texts: readonly string[],
  { where, cause }: { readonly where: string; readonly cause: unknown },
): BackupError | undefined {
  const found = meanings.find(([pattern]) => texts.some((text) => pattern.test(text)));
  if (found === undefined) return undefined;
  const { code, sentence, hint } = found[1](where);
  return new BackupError(code, sentence, { hint, cause });
}
