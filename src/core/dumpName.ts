import { createHash } from 'node:crypto';
import { datePattern, formatDate } from './dateFormat.ts';

/**
 * What a dump's file name is made of.
 *
 * Shape: `extension` without a dot. `attempt` is 1, or a higher number when the names before it are taken.
 */
export interface DumpNameParts {
  readonly alias: string;
  readonly servername: string;
  readonly date: Date;
  readonly dateFormat: string;
  readonly extension: string;
  readonly compression: 'none' | 'gzip' | 'zstd';
  readonly gitbranch?: string | undefined;
  readonly attempt?: number;
}

/** The tokens of `dbbackup.filenameTemplate`. */
export const templateTokens = ['databasename', 'servername', 'datetime', 'extension', 'gitbranch'] as const;

type Token = (typeof templateTokens)[number];
type Piece = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'token'; readonly token: Token };

const compressionEndings = { none: '', gzip: '.gz', zstd: '.zst' } as const;
const longestStem = 180;

/** The base name of a dump, compression's ending included. It is never hidden, never a path, and at most 255 bytes long. */
export function dumpFileName(template: string, parts: DumpNameParts): string {
  const { stem, ending } = splitEnding(parseTemplate(template));
  const render = (pieces: readonly Piece[]): string => pieces.map((piece) => renderPiece(piece, parts)).join('');
  const name = shortened(
    render(stem)
      .replace(/^[^A-Za-z0-9]+/, '')
      .replace(/\.+$/, '') || 'dump',
  );
  const attempt = parts.attempt === undefined || parts.attempt === 1 ? '' : `-${parts.attempt}`;
  return `${name}${attempt}${render(ending)}${compressionEndings[parts.compression]}`;
}

/**
 * An alias as a file name carries it: unchanged where it is a safe name, otherwise cleaned and followed by a short hash of the alias.
 *
 * Shape: `^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$`. An alias that looks as if it carried such a hash gets one too, so that no two aliases share a name.
 */
export function safeName(alias: string): string {
  const isSafe =
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/.test(alias) && !/-[0-9a-f]{10}$/.test(alias) && !reservedOnWindows.test(alias);
  if (isSafe) return alias;
  const hash = createHash('sha256').update(alias).digest('hex').slice(0, 10);
  return `${cleaned(alias, 'database').slice(0, 70)}-${hash}`;
}

/** What is wrong with a file name template, in one sentence; undefined when nothing is. */
export function templateProblem(template: string): string | undefined {
  if (template === '') return 'The template for file names is empty.';
  const known = templateTokens.map((token) => `{${token}}`).join(', ');
  const inner = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, token = '']) => token);
  const unknown = inner.find((token) => !isToken(token));
  if (unknown !== undefined) return `{${unknown}} is no token of the template for file names, which knows ${known}.`;
  const repeated = inner.find((token, index) => inner.indexOf(token) !== index);
  if (repeated !== undefined) return `The template for file names holds {${repeated}} twice.`;
  const literals = template.replaceAll(/\{[^{}]*\}/g, '');
  if (/[{}]/.test(literals)) return 'The template for file names has a brace without its partner.';
  const odd = /[^A-Za-z0-9._+-]/u.exec(literals)?.[0];
  if (odd !== undefined)
    return `The template for file names may hold only letters, digits and . _ + - beside its tokens, not ${JSON.stringify(odd)}.`;
  if (/^[^A-Za-z0-9{]/.test(template)) return 'The template for file names must begin with a letter, a digit or a token.';
  return literals.length > 80 ? 'The template for file names is too long.' : undefined;
}

/** True when the file's name fits the template with exactly that alias, whatever its server, date, branch and extension. */
export function nameMatches(template: string, dateFormat: string, alias: string, fileName: string): boolean {
  return namePattern(template, dateFormat, alias)?.test(fileName) ?? false;
}

/**
 * The names that the template gives to the dumps of one alias, or of any alias where it is undefined.
 *
 * Shape: undefined when the template or the date format is invalid, or when the names do not hold the alias.
 */
export function namePattern(template: string, dateFormat: string, alias: string | undefined): RegExp | undefined {
  const date = datePattern(dateFormat);
  if (templateProblem(template) !== undefined || date === undefined || !template.includes('{databasename}')) return undefined;
  const patterns: Record<Token, string> = {
    databasename: alias === undefined ? '[A-Za-z0-9][A-Za-z0-9._-]{0,80}' : escaped(safeName(alias)),
    servername: '[A-Za-z0-9._+-]{1,60}',
    gitbranch: '[A-Za-z0-9._+-]{1,60}',
    datetime: date,
    extension: '[A-Za-z0-9._+-]{1,30}',
  };
  const pattern = (pieces: readonly Piece[]): string =>
    pieces.map((piece) => (piece.kind === 'literal' ? escaped(piece.text) : patterns[piece.token])).join('');
  const { stem, ending } = splitEnding(parseTemplate(template));
  return new RegExp(`^${pattern(stem)}(?:-[0-9]{1,6})?${pattern(ending)}(?:\\.gz|\\.zst)?$`);
}

const reservedOnWindows = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;

function isToken(text: string): text is Token {
  return templateTokens.some((token) => token === text);
}

function parseTemplate(template: string): readonly Piece[] {
  return template
    .split(/(\{[^{}]*\})/)
    .filter((text) => text !== '')
    .map((text): Piece => {
      const token = text.slice(1, -1);
      return text.startsWith('{') && isToken(token) ? { kind: 'token', token } : { kind: 'literal', text };
    });
}

/** Splits off a final `.{extension}`: the number of a taken name goes before it. */
function splitEnding(pieces: readonly Piece[]): { readonly stem: readonly Piece[]; readonly ending: readonly Piece[] } {
  const last = pieces.at(-1);
  const before = pieces.at(-2);
  if (last?.kind !== 'token' || last.token !== 'extension' || before?.kind !== 'literal' || !before.text.endsWith('.')) {
    return { stem: pieces, ending: [] };
  }
  const rest: Piece = { kind: 'literal', text: before.text.slice(0, -1) };
  return { stem: [...pieces.slice(0, -2), rest], ending: [{ kind: 'literal', text: '.' }, last] };
}

function renderPiece(piece: Piece, parts: DumpNameParts): string {
  if (piece.kind === 'literal') return piece.text;
  switch (piece.token) {
    case 'databasename':
      return safeName(parts.alias);
    case 'servername':
      return cleaned(parts.servername, 'localhost').slice(0, 60);
    case 'datetime':
      return formatDate(parts.dateFormat, parts.date);
    case 'extension':
      return cleaned(parts.extension, 'dump').slice(0, 30);
    case 'gitbranch':
      return cleaned(parts.gitbranch ?? '', 'nobranch').slice(0, 60);
  }
}

function cleaned(text: string, fallback: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[._-]+|[._-]+$/g, '') || fallback;
}

function shortened(name: string): string {
  if (name.length <= longestStem) return name;
  return `${name.slice(0, longestStem - 11)}-${createHash('sha256').update(name).digest('hex').slice(0, 10)}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Name of the manifest that belongs to a dump file. */
export function manifestName(dumpFile: string): string {
  return `${dumpFile}.json`;
}
