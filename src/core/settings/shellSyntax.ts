const forbidden: readonly { readonly pattern: RegExp; readonly sentence: (found: string) => string }[] = [
  { pattern: /^\d*(>>?|<<?)(&\d)?/, sentence: (found) => `redirects with ${found}, which needs a shell` },
  { pattern: /^(\|\||&&|;|&)/, sentence: (found) => `joins commands with ${found}, which needs a shell` },
  { pattern: /^`/, sentence: () => 'runs a command in backticks, which needs a shell' },
  { pattern: /^\$\(/, sentence: () => 'runs a command in $( ), which needs a shell' },
];

/** Why a text of words can't be run, as the end of a sentence, and what to write instead. */
export interface ShellMistake {
  readonly sentence: string;
  readonly hint: string;
}

/**
 * Looks for what only a shell would understand, outside quotes. No shell is ever started.
 *
 * Shape: undefined for words that can be run. With `stages` a `|` begins a further program; otherwise it is a mistake too.
 */
export function shellMistake(text: string, { stages }: { readonly stages: boolean }): ShellMistake | undefined {
  const bare = withoutQuotes(text);
  if (bare === undefined) return { sentence: 'has a quote that is not closed', hint: 'Close the quote, or write \\ before it.' };
  for (let index = 0; index < bare.length; index++) {
    const isWordStart = index === 0 || /\s/.test(bare[index - 1] ?? '');
    const rest = bare.slice(index);
    const found = forbidden.find(({ pattern }) => pattern.test(rest) && (isWordStart || !/^\d/.test(rest)));
    if (found !== undefined) {
      return { sentence: found.sentence(found.pattern.exec(rest)?.[0] ?? ''), hint: stages ? pipeHint : wordsHint };
    }
  }
  if (!stages)
    return bare.includes('|')
      ? { sentence: 'holds a pipe', hint: 'Pipes belong into DUMP_SUFFIX or RESTORE_SUFFIX.' }
      : undefined;
  const further = bare.split('|').slice(1);
  if (further.every((stage) => stage.trim() !== '')) return undefined;
  return { sentence: 'has a | without a program after it', hint: 'Write the program’s name after the |.' };
}

const pipeHint = 'Write plain arguments, or | and a program; dumps are written to the dump directory by themselves.';
const wordsHint = 'Write plain words, or put the shell commands into a script and name the script.';

/** The text with quoted and escaped characters replaced by letters; undefined when a quote is not closed. */
export function withoutQuotes(text: string): string | undefined {
  const bare = text.replaceAll(/\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"/g, (quoted) => 'q'.repeat(quoted.length));
  return /['"]/.test(bare) || bare.endsWith('\\') ? undefined : bare;
}
