import type { RestorePreview } from '../core/restorePreview.ts';
import { containerWord } from '../core/restoreWords.ts';
import { countText, listText, localTimeText } from '../core/words.ts';

/** What a restore would do, for a terminal: one fact a line, without names that could move its cursor. */
export function previewText(preview: RestorePreview): string {
  const { replaced, emptied, lost, removed, kept } = preview;
  const counted = (tables: readonly unknown[]): string => countText(tables.length, containerWord(preview.engine));
  const names = (tables: readonly { readonly name: string }[]): string => listText(tables.map((table) => table.name));
  return [
    `Restoring ${preview.alias} (${preview.engine}, ${preview.target}) from the dump of ${localTimeText(preview.dumpCreatedUtc)} would`,
    preview.targetExists
      ? `  replace ${counted(replaced)}: ${names(replaced)}`
      : `  create the database with ${counted(replaced)}`,
    emptied.length > 0 ? `  empty ${listText(emptied)}` : '',
    lost.length > 0 ? `  drop ${listText(lost)} along with what they depend on` : '',
    removed.length > 0 ? `  remove ${counted(removed)} not in the dump: ${names(removed)}` : '',
    kept.length > 0 ? `  keep ${counted(kept)} not in the dump: ${names(kept)}` : '',
    preview.safetyDump ? '  after making a safety dump.' : '  without a safety dump: there is no way back.',
    ...preview.warnings,
  ]
    .filter((line) => line !== '')
    .join('\n');
}
