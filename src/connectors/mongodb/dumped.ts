import type { DatabaseFacts } from './catalog.ts';
import { refusedDump } from './problems.ts';

/**
 * Compares what is in a dump with what the server had before and after it was made: what others have changed meanwhile, as warnings.
 *
 * Errors: `dump.refused` where a collection is missing that was there all the time.
 */
export function changesWhile(
  collections: readonly { readonly name: string; readonly documents: number }[],
  { before, after, exclude }: { before: DatabaseFacts; after: DatabaseFacts | undefined; exclude: readonly string[] },
): string[] {
  const dumped = new Map(collections.map((collection) => [collection.name, collection]));
  const still = new Map((after ?? before).collections.map((collection) => [collection.name, collection]));
  const warnings: string[] = [];
  for (const { name, kind, documents: had } of before.collections) {
    if (exclude.includes(name)) continue;
    const found = dumped.get(name);
    const now = still.get(name);
    if (found === undefined && now !== undefined)
      throw refusedDump(
        `The collection ${name} is not in the dump.`,
        'See the log for what mongodump says of it, or exclude it.',
      );
    if (found === undefined) warnings.push(`${name} was dropped while the dump was made, and is not in it.`);
    if (found === undefined || kind !== 'collection' || had === undefined) continue;
    const [least, most] = [Math.min(had, now?.documents ?? had), Math.max(had, now?.documents ?? had)];
    if (found.documents < least || found.documents > most || least !== most)
      warnings.push(
        `${name} held ${had} documents before the dump, and ${found.documents} are in it: another program is writing.`,
      );
  }
  return warnings;
}
