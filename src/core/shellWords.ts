import { quote, split } from 'shlex';
import { withoutQuotes } from './settings/shellSyntax.ts';

/** A suffix, taken apart: `words` are arguments of the tool itself, each of `stages` is a further program with its arguments. */
export interface Stages {
  readonly words: readonly string[];
  readonly stages: readonly (readonly string[])[];
}

/** The words of a text as a POSIX shell would split it, with nothing expanded; a list is taken as it is. */
export function splitWords(text: string | readonly string[]): string[] {
  return typeof text === 'string' ? split(text) : [...text];
}

/** A word as `splitWords` gives it back, whatever is in it. */
export function quoteWord(word: string): string {
  return quote(word);
}

/** Splits `--a b | prog x | prog2` at the pipes outside quotes. */
export function splitStages(suffix: string): Stages {
  const bare = withoutQuotes(suffix) ?? suffix;
  const parts: string[] = [];
  let start = 0;
  for (let pipe = bare.indexOf('|'); pipe >= 0; pipe = bare.indexOf('|', start)) {
    parts.push(suffix.slice(start, pipe));
    start = pipe + 1;
  }
  const [first = [], ...stages] = [...parts, suffix.slice(start)].map((part) => split(part));
  return { words: first, stages: stages.filter((stage) => stage.length > 0) };
}
