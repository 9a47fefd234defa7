import type { RestorePreview } from './restorePreview.ts';
import { countText, listText, localTimeText, nameText, timeText, visibleText } from './words.ts';

type Table = RestorePreview['kept'][number];

const engineNames: Readonly<Record<string, string>> = {
  sqlite: 'SQLite',
  mysql: 'MySQL',
  postgresql: 'PostgreSQL',
  mongodb: 'MongoDB',
};

/** An engine family as its makers write it. */
export function engineText(engine: string): string {
  return engineNames[engine] ?? nameText(engine);
}

/** What an engine family calls that which holds its rows. */
export function containerWord(engine: string): 'table' | 'collection' {
  return engine === 'mongodb' ? 'collection' : 'table';
}

/** The question above the buttons of a restore. */
export function restoreTitle(preview: RestorePreview, now: Date): string {
  return `Restore ${nameText(preview.alias)} from the dump of ${timeText(preview.dumpCreatedUtc, now)}?`;
}

/** What a restore changes, in at most eight lines, the gravest first. */
export function restoreDetail(preview: RestorePreview): string {
  const { engine, replaced, emptied, lost, removed, kept, openSessions, warnings } = preview;
  const table = containerWord(engine);
  const lines = [
    `${engineText(preview.engine)} ${nameText(preview.target)}${preview.targetExists ? '' : ' (will be created)'}`,
    preview.targetDamage === undefined ? '' : 'The database is damaged: its files are kept as they are.',
    `replaces ${countText(replaced.length, table)}`,
    removed.length === 0
      ? ''
      : `removes ${countText(removed.length, table)} that ${areNot(removed)} in the dump: ${names(removed)}`,
    emptied.length === 0 ? '' : `empties ${listText(emptied)} (excluded from the dump)`,
    lost.length === 0 ? '' : `drops ${listText(lost)}, which the dump does not have`,
    kept.length === 0 ? '' : `keeps ${countText(kept.length, table)} that ${areNot(kept)} in the dump: ${names(kept)}`,
    openSessions === undefined || openSessions === 0
      ? ''
      : `${countText(openSessions, 'connection')} ${openSessions === 1 ? 'is' : 'are'} open`,
    originSentence(preview),
    warnings.length === 0 ? '' : `${countText(warnings.length, 'warning')}: see the changes.`,
  ].filter((line) => line !== '');
  return [...lines.slice(0, 7), safetySentence(preview)].join('\n');
}

/** The whole preview, for a read-only document: every table with its rows, every warning. */
export function restoreDocument(preview: RestorePreview): string {
  const section = (heading: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', heading, ...lines]);
  return [
    `Restore of ${nameText(preview.alias)}`,
    '',
    `Target:    ${engineText(preview.engine)} ${nameText(preview.target)}${preview.targetExists ? '' : ' (will be created)'}`,
    `Dump:      ${visibleText(preview.dumpFile)}`,
    `Made:      ${localTimeText(preview.dumpCreatedUtc)} (${preview.dumpCreatedUtc})`,
    `Origin:    ${originText(preview)}`,
    `Safety:    ${safetySentence(preview)}`,
    ...(preview.targetDamage === undefined ? [] : [`Damage:    ${visibleText(preview.targetDamage)}`]),
    ...section(`Replaced by the dump (${preview.replaced.length})`, preview.replaced.map(tableLine)),
    ...section(
      `Emptied, because they were excluded from the dump (${preview.emptied.length})`,
      preview.emptied.map((name) => `  ${visibleText(name)}`),
    ),
    ...section(
      `Dropped with what they depend on, though the dump does not have them (${preview.lost.length})`,
      preview.lost.map((name) => `  ${visibleText(name)}`),
    ),
    ...section(`Removed, because they are not in the dump (${preview.removed.length})`, preview.removed.map(tableLine)),
    ...section(`Kept, because they are not in the dump (${preview.kept.length})`, preview.kept.map(tableLine)),
    ...section(
      'Warnings',
      preview.warnings.map((warning) => `  ${visibleText(warning)}`),
    ),
    '',
  ].join('\n');
}

function safetySentence(preview: RestorePreview): string {
  if (preview.safetyDump) return 'A safety dump is made first: you can undo this.';
  return preview.targetExists
    ? 'No safety dump is made: this can’t be undone.'
    : 'The database does not exist yet: nothing is replaced.';
}

function originText({ dumpHasManifest, dumpOrigin }: RestorePreview): string {
  if (!dumpHasManifest) return 'unknown: the dump has no manifest';
  return dumpOrigin === 'here' ? 'made here' : 'foreign: it was not made by you on this machine';
}

function originSentence(preview: RestorePreview): string {
  if (!preview.dumpHasManifest) return 'The dump has no manifest: nobody knows where it was made.';
  return preview.dumpOrigin === 'here' ? '' : 'The dump is foreign: it was not made by you on this machine.';
}

function areNot(tables: readonly Table[]): string {
  return tables.length === 1 ? 'is not' : 'are not';
}

function names(tables: readonly Table[]): string {
  return listText(tables.map((table) => table.name));
}

function tableLine({ name, rows }: Table): string {
  return rows === undefined ? `  ${visibleText(name)}` : `  ${visibleText(name)} (${countText(rows, 'row')})`;
}
