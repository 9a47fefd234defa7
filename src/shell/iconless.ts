import { nameText } from '../core/words.ts';

/** A name for a quick pick's row, where `$(name)` is an icon unless a backslash stands before it. */
export function iconless(text: string): string {
  return nameText(text).replaceAll(/\$\(([\w-]+(?:~\w+)?)\)/g, String.raw`\$$($1)`);
}
