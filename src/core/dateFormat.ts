interface DateToken {
  readonly pattern: string;
  readonly render: (date: Date) => string;
}

/**
 * What is wrong with `dbbackup.dateFormat`, in one sentence; undefined when nothing is.
 *
 * Source: strftime(3); tokens whose text a file name cannot hold (`%T`, `%D`, `%c`) are left out.
 */
export function dateFormatProblem(format: string): string | undefined {
  if (format === '') return 'The date format is empty.';
  if (format.length > 60) return 'The date format is too long.';
  const unknown = [...format.matchAll(/%(-?.|-?$)/gsu)].find(([, token = '']) => tokenOf(token) === undefined)?.[0];
  if (unknown !== undefined)
    return `${unknown} is no token of the date format, which knows %Y %m %d %H %M %S and others of strftime.`;
  const odd = /[^A-Za-z0-9._+-]/u.exec(format.replaceAll(/%-?[A-Za-z]/g, ''))?.[0];
  return odd === undefined
    ? undefined
    : `The date format may hold only letters, digits and . _ + - beside its tokens, not ${JSON.stringify(odd)}.`;
}

/** The date in a format of strftime, in UTC and in English whatever the machine's own are. */
export function formatDate(format: string, date: Date): string {
  return format.replaceAll(/%(-?[A-Za-z])/g, (whole, token: string) => tokenOf(token)?.render(date) ?? whole);
}

/** Source text of a regular expression for the dates of a format; undefined when the format is invalid. */
export function datePattern(format: string): string | undefined {
  if (dateFormatProblem(format) !== undefined) return undefined;
  return format
    .split(/(%-?[A-Za-z])/)
    .map((text) => (text.startsWith('%') ? tokenOf(text.slice(1))?.pattern : undefined) ?? text.replaceAll(/[.+]/g, '\\$&'))
    .join('');
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const dayMs = 86_400_000;

const tokens: Readonly<Record<string, DateToken>> = {
  Y: number(4, (date) => date.getUTCFullYear()),
  y: number(2, (date) => date.getUTCFullYear() % 100),
  m: number(2, (date) => date.getUTCMonth() + 1),
  d: number(2, (date) => date.getUTCDate()),
  H: number(2, (date) => date.getUTCHours()),
  I: number(2, (date) => ((date.getUTCHours() + 11) % 12) + 1),
  M: number(2, (date) => date.getUTCMinutes()),
  S: number(2, (date) => date.getUTCSeconds()),
  f: number(6, (date) => date.getUTCMilliseconds() * 1000),
  j: number(3, (date) => dayOfYear(date) + 1),
  U: number(2, (date) => Math.floor((dayOfYear(date) + 7 - date.getUTCDay()) / 7)),
  W: number(2, (date) => Math.floor((dayOfYear(date) + 7 - ((date.getUTCDay() + 6) % 7)) / 7)),
  V: number(2, (date) => isoWeek(date).week),
  G: number(4, (date) => isoWeek(date).year),
  u: number(1, (date) => ((date.getUTCDay() + 6) % 7) + 1),
  w: number(1, (date) => date.getUTCDay()),
  s: { pattern: '[0-9]{1,12}', render: (date) => String(Math.floor(date.getTime() / 1000)) },
  p: words(['AM', 'PM'], (date) => (date.getUTCHours() < 12 ? 0 : 1)),
  A: words(days, (date) => date.getUTCDay()),
  a: words(shortForms(days), (date) => date.getUTCDay()),
  B: words(months, (date) => date.getUTCMonth()),
  b: words(shortForms(months), (date) => date.getUTCMonth()),
  h: words(shortForms(months), (date) => date.getUTCMonth()),
  z: words(['+0000'], () => 0),
  Z: words(['UTC'], () => 0),
  F: { pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}', render: (date) => date.toISOString().slice(0, 10) },
};

/** Looks a token up; `-` before it means without leading zeros. */
function tokenOf(text: string): DateToken | undefined {
  if (!text.startsWith('-')) return Object.hasOwn(tokens, text) ? tokens[text] : undefined;
  const padded = tokenOf(text.slice(1));
  return padded === undefined
    ? undefined
    : {
        pattern: padded.pattern.replace(/^\[0-9\]\{(\d)\}$/, '[0-9]{1,$1}'),
        render: (date) => padded.render(date).replace(/^0+(?=\d)/, ''),
      };
}

function number(width: number, value: (date: Date) => number): DateToken {
  return { pattern: `[0-9]{${width}}`, render: (date) => String(value(date)).padStart(width, '0') };
}

function words(list: readonly string[], index: (date: Date) => number): DateToken {
  return { pattern: `(?:${list.join('|').replaceAll('+', '\\+')})`, render: (date) => list[index(date)] ?? '' };
}

function shortForms(list: readonly string[]): readonly string[] {
  return list.map((word) => word.slice(0, 3));
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs);
}

/** ISO 8601: a week belongs to the year that holds its Thursday. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * dayMs);
  return { year: thursday.getUTCFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}
