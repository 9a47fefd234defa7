import type { DatabaseFacts } from './catalog.ts';
import { refusedDump } from './problems.ts';

interface Comparison {
  readonly before: DatabaseFacts;
  readonly exclude: readonly string[];
  /** Whether words of the user decided what is in the dump: what it lacks is then a warning. */
  readonly isShaped: boolean;
  /** Asked only where something is not as it was before. */
  lookAgain(): Promise<DatabaseFacts | undefined>;
}

/**
 * Compares what is in a dump with what the server had before: what others have changed meanwhile, as warnings.
 *
 * Errors: `dump.refused` where a collection is missing that was there all the time, or has another number of documents than it ever had; not where `isShaped`.
 */
export async function changesWhile(
  collections: readonly { readonly name: string; readonly documents: number }[],
  { before, exclude, isShaped, lookAgain }: Comparison,
): Promise<string[]> {
  const dumped = new Map(collections.map(({ name, documents }) => [name, documents]));
  const changed = before.collections.filter(({ name, kind, documents }) => {
    if (exclude.includes(name)) return false;
    return !dumped.has(name) || (kind === 'collection' && dumped.get(name) !== documents);
  });
  if (changed.length === 0) return [];
  const lacking = (sentence: string, hint: string): string => {
    if (!isShaped) throw refusedDump(sentence, hint);
    return sentence;
  };
  const still = new Map((await lookAgain())?.collections.map(({ name, documents }) => [name, documents]));
  return changed.map(({ name, documents: had = 0 }) => {
    const has = dumped.get(name);
    const now = still.get(name);
    if (has !== undefined && now === had)
      return lacking(`${name} has ${had} documents, and ${has} are in the dump.`, 'Make the backup again, and see the log.');
    if (has !== undefined)
      return `${name} held ${had} documents before the dump, and ${has} are in it: another program is writing.`;
    if (!still.has(name)) return `${name} was dropped while the dump was made, and is not in it.`;
    return lacking(`The collection ${name} is not in the dump.`, 'See the log for what was said of it, or exclude it.');
  });
}
