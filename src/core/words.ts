const millisecondsPerMinute = 60_000;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A size as people read it: `1.2 MB` (a million bytes), below a tenth of that `8 KB`, so that no small dump reads `0.0 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return countText(bytes, 'byte');
  return bytes < 99_500 ? `${digits(bytes / 1000)} KB` : `${oneDecimal(bytes / 1_000_000)} MB`;
}

/** A size that changes while it is read: no decimals once they would only flicker. */
export function runningSizeText(bytes: number): string {
  if (bytes < 99_500) return sizeText(bytes);
  return bytes < 10_000_000 ? `${oneDecimal(bytes / 1_000_000)} MB` : `${digits(bytes / 1_000_000)} MB`;
}

/** `0.4 s`, `2.1 s`, `1 min 15 s`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < millisecondsPerMinute) return `${oneDecimal(milliseconds / 1000)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${digits(Math.floor(seconds / 60))} min ${seconds % 60} s`;
}

/** `1 table`, `1,204 tables`. */
export function countText(count: number, noun: string): string {
  return `${digits(count)} ${count === 1 ? noun : `${noun}s`}`;
}

/** `12,346`. Not by Intl.NumberFormat, whose first use takes 14 ms of a start. */
function digits(value: number): string {
  return grouped(value.toFixed(0));
}

/** `12,345.7` */
function oneDecimal(value: number): string {
  return grouped(value.toFixed(1));
}

function grouped(number: string): string {
  return number.replaceAll(/\B(?=(?:\d{3})+(?!\d))/g, ',');
}

/** The first three names, then how many more there are. */
export function listText(names: readonly string[]): string {
  const shown = names.slice(0, 3).map(nameText).join(', ');
  return names.length > 3 ? `${shown} and ${digits(names.length - 3)} more` : shown;
}

/**
 * A moment as people say it, in this machine's time zone: `2 minutes ago`, `yesterday 17:03`, `3 days ago 17:03`, `14 Nov 17:03`.
 *
 * Shape: reads well after "the dump of" and after "from". A text that is no date comes back as it is.
 */
export function timeText(utc: string, now: Date): string {
  const then = new Date(utc);
  if (Number.isNaN(then.getTime())) return utc;
  const minutes = Math.floor((now.getTime() - then.getTime()) / millisecondsPerMinute);
  if (minutes >= 0 && minutes < 1) return 'a moment ago';
  if (minutes >= 0 && minutes < 60) return `${countText(minutes, 'minute')} ago`;
  const days = daysBetween(then, now);
  if (days === 0) return `today ${clockText(then)}`;
  if (days === 1) return `yesterday ${clockText(then)}`;
  if (days > 1 && days < 7) return `${days} days ago ${clockText(then)}`;
  const year = then.getFullYear() === now.getFullYear() ? '' : ` ${then.getFullYear()}`;
  return `${then.getDate()} ${months[then.getMonth()]}${year} ${clockText(then)}`;
}

/** `2026-11-23 17:03:09`, in this machine's time zone. */
export function localTimeText(utc: string): string {
  const then = new Date(utc);
  if (Number.isNaN(then.getTime())) return utc;
  const day = [then.getFullYear(), two(then.getMonth() + 1), two(then.getDate())].join('-');
  return `${day} ${clockText(then)}:${two(then.getSeconds())}`;
}

/** Under which heading a moment is picked. */
export function ageGroup(utc: string, now: Date): 'Today' | 'Yesterday' | 'This week' | 'Older' {
  const days = daysBetween(new Date(utc), now);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 7 ? 'This week' : 'Older';
}

/**
 * A name out of settings, files or servers, fit for one line of a message.
 *
 * Shape: control and bidirectional characters become visible, long names are cut in the middle, and `[text](target)` is taken apart,
 * because notifications draw it as a link that runs commands.
 */
export function nameText(name: string): string {
  return oneLine(name, 100);
}

/** A sentence that may quote a driver or a file, fit for a message: as `nameText`, with room for more. */
export function sentenceText(sentence: string): string {
  return oneLine(sentence, 400);
}

/** A next step, and another way beside it in the same sentence. */
export function orElse(hint: string, other: string): string {
  return `${hint.replace(/\.$/, '')}, or ${other}.`;
}

function oneLine(text: string, limit: number): string {
  return cutText(visibleText(text.replaceAll(/[\r\n\t]+/g, ' ')), limit).replaceAll('](', '] (');
}

/** Text of a tool, a server or a file for the log: characters that move the cursor or turn the writing round become `\u{…}`. */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\u{FFF9}-\u{FFFB}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

function cutText(text: string, limit: number): string {
  const characters = Array.from(text);
  if (characters.length <= limit) return text;
  const half = Math.floor((limit - 1) / 2);
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}

function daysBetween(then: Date, now: Date): number {
  const dayOf = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((dayOf(now) - dayOf(then)) / 86_400_000);
}

function clockText(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
