import type { DumpEntry } from './dumpEntry.ts';
import { engineText } from './restoreWords.ts';
import { durationText, listText, localTimeText, nameText, sizeText, timeText } from './words.ts';

/** A dump's row: when it was made, and for a safety dump, before what. */
export function dumpLabel(entry: DumpEntry, now: Date): string {
  const time = timeText(entry.createdUtc, now);
  return entry.kind === 'safety' ? `before restore, ${time}` : time;
}

/** A dump in a sentence, or read aloud: `dump of yesterday 17:03`. */
export function dumpName(entry: DumpEntry, now: Date): string {
  return `${entry.kind === 'safety' ? 'safety dump' : 'dump'} of ${timeText(entry.createdUtc, now)}`;
}

/** The state of a dump in words, because an icon alone says nothing to many. */
export function dumpStateText(entry: DumpEntry): string {
  switch (entry.state) {
    case 'verified':
      return 'verified';
    case 'unverified':
      return 'not verified';
    case 'damaged':
      return 'damaged';
  }
}

/**
 * Behind a dump's label: `1.2 MB · gzip · main@3f2a1c ✓`. `*` stands for uncommitted changes, ✓ for verified.
 *
 * Shape: what is wrong with a dump comes early, because a narrow sidebar cuts the end.
 */
export function dumpDescription(entry: DumpEntry): string {
  const compression = entry.manifest?.compression ?? 'none';
  const parts = [
    sizeText(entry.sizeBytes),
    entry.kind === 'safety' ? 'safety' : '',
    entry.state === 'verified' ? '' : dumpStateText(entry),
    compression === 'none' ? '' : compression,
    gitText(entry),
  ].filter((part) => part !== '');
  return `${parts.join(' · ')}${entry.state === 'verified' && entry.kind === 'manual' ? ' ✓' : ''}`;
}

/** `main@3f2a1c*`, or empty for a dump made outside git. */
export function gitText(entry: DumpEntry): string {
  const git = entry.manifest?.git;
  if (git === undefined) return '';
  const place = [git.branch, git.commit?.slice(0, 6)].filter((part) => part !== undefined).join('@');
  return place === '' ? '' : `${nameText(place)}${git.dirty === true ? '*' : ''}`;
}

/** Everything known of a dump, name and value, for a tooltip. */
export function dumpFacts(entry: DumpEntry): (readonly [string, string])[] {
  const { manifest } = entry;
  const facts: (readonly [string, string])[] = [
    ['File', entry.name],
    ['Made', `${localTimeText(entry.createdUtc)} (UTC ${entry.createdUtc.slice(0, 19).replace('T', ' ')})`],
    ['State', stateSentence(entry)],
    ['Size', manifest === undefined ? sizeText(entry.sizeBytes) : sizeSentence(entry.sizeBytes, manifest)],
  ];
  if (entry.problem !== undefined) facts.push(['Problem', entry.problem]);
  if (manifest === undefined) return facts;
  const tools = manifest.tools.map((tool) => `${tool.name} ${tool.version}`);
  facts.push(
    ['Database', `${manifest.alias} (${manifest.serverVersion === '' ? engineText(manifest.engine) : manifest.serverVersion})`],
    ['Connector', [manifest.connector, ...tools].join(', ')],
    ['Tables', tablesText(manifest.contents.tables.map((table) => table.name))],
    ['SHA-256', `${manifest.sha256.slice(0, 12)}…`],
  );
  if (gitText(entry) !== '') facts.push(['Git', gitText(entry)]);
  for (const warning of manifest.warnings.slice(0, 3)) facts.push(['Warning', warning]);
  return facts;
}

function stateSentence(entry: DumpEntry): string {
  const origin = entry.manifest !== undefined && entry.origin === 'foreign' ? ', not made by you on this machine' : '';
  return `${entry.kind === 'safety' ? 'safety dump, ' : ''}${dumpStateText(entry)}${origin}`;
}

function sizeSentence(sizeBytes: number, manifest: { compression: string; plainBytes: number; durationMs: number }): string {
  const packed = manifest.compression === 'none' ? '' : ` (${manifest.compression}, ${sizeText(manifest.plainBytes)} unpacked)`;
  return `${sizeText(sizeBytes)}${packed}, made in ${durationText(manifest.durationMs)}`;
}

function tablesText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : `${names.length} (${listText(names)})`;
}
