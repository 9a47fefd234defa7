import {
  createScanner,
  findNodeAtLocation,
  modify,
  parseTree,
  stripComments,
  type Edit,
  type Node,
  type ParseError,
} from 'jsonc-parser';

/** A place in a text. Units: UTF-16 code units. */
export interface TextRange {
  readonly offset: number;
  readonly length: number;
}

/** Where a problem's path leads in the text of a settings file: to the key, or to its value; undefined when the text has no such path. */
export function findPlace(text: string, path: readonly (string | number)[], at: 'key' | 'value'): TextRange | undefined {
  const root = parseTree(text);
  const node = root === undefined ? undefined : findNodeAtLocation(root, [...path]);
  if (node === undefined) return undefined;
  const { offset, length } = at === 'key' ? keyOf(node) : node;
  return { offset, length };
}

function keyOf(node: Node): Node {
  return node.parent?.type === 'property' ? (node.parent.children?.[0] ?? node) : node;
}

/** True for a text that an edit could spoil: a settings file with a syntax error. An empty one is fine. */
export function hasSyntaxError(text: string): boolean {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  return errors.length > 0 || (root !== undefined && root.type !== 'object');
}

/**
 * The edits that write a database's keys under an alias of `dbbackup.databases`. They do not overlap.
 *
 * Shape: nothing is formatted but what is added, so that comments, order and indentation of the rest stay.
 */
export function editDatabase(text: string, alias: string, keys: Readonly<Record<string, unknown>>): readonly Edit[] {
  const root = parseTree(text);
  const entry = { [alias]: keys };
  if (root === undefined) {
    return [{ offset: text.length, length: 0, content: `${JSON.stringify({ 'dbbackup.databases': entry }, null, 4)}\n` }];
  }
  const databases = findNodeAtLocation(root, ['dbbackup.databases']);
  if (databases === undefined) return addMember(text, root, 'dbbackup.databases', entry);
  if (databases.type !== 'object') return modify(text, ['dbbackup.databases'], entry, {});
  if (findNodeAtLocation(databases, [alias]) === undefined) return addMember(text, databases, alias, keys);
  return modify(text, ['dbbackup.databases', alias], keys, {});
}

/**
 * The edits that take a key and its value away. None when the text has no such key.
 *
 * Shape: nothing else is touched, so that comments and indentation of the rest stay.
 */
export function removeKey(text: string, path: readonly string[]): readonly Edit[] {
  const root = parseTree(text);
  const member = root === undefined ? undefined : findNodeAtLocation(root, [...path])?.parent;
  const members = member?.parent?.children;
  if (member?.type !== 'property' || members === undefined) return [];
  const index = members.indexOf(member);
  const next = members[index + 1];
  if (next !== undefined) return [{ offset: member.offset, length: next.offset - member.offset, content: '' }];
  const before = members[index - 1];
  const start = text.slice(0, member.offset).trimEnd().length;
  const ownEnd = member.offset + member.length;
  const end = ownEnd + (/^\s*,/.exec(text.slice(ownEnd))?.[0].length ?? 0);
  const own = { offset: start, length: end - start, content: '' };
  if (before === undefined) return [own];
  const comma = commaAfter(text, before.offset + before.length);
  return comma >= start ? [{ ...own, offset: comma, length: end - comma }] : [{ offset: comma, length: 1, content: '' }, own];
}

/** Where the comma is that follows a member. A comma in a comment is none. */
function commaAfter(text: string, offset: number): number {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return scanner.getTokenOffset();
}

/** The text that stands as a key's value; undefined when there is none or it is no text. */
export function textAt(text: string, path: readonly string[]): string | undefined {
  const root = parseTree(text);
  const value: unknown = root === undefined ? undefined : findNodeAtLocation(root, [...path])?.value;
  return typeof value === 'string' ? value : undefined;
}

/** Writes a member as the last one of an object: a comma behind the one before it, and itself behind all comments. */
function addMember(text: string, object: Node, name: string, value: unknown): readonly Edit[] {
  const closing = object.offset + object.length - 1;
  const contentEnd = text.slice(0, closing).trimEnd().length;
  const last = object.children?.at(-1);
  const lastEnd = last === undefined ? contentEnd : last.offset + last.length;
  const needsComma = last !== undefined && !stripComments(text.slice(lastEnd, closing)).includes(',');

  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const unit = /^([ \t]+)\S/m.exec(text)?.[1] ?? '    ';
  const outer = indentAt(text, object.offset);
  const inner = last !== undefined && isFirstOnLine(text, last.offset) ? indentAt(text, last.offset) : outer + unit;
  const lines = `${JSON.stringify(name)}: ${JSON.stringify(value, null, unit)}`.split('\n');
  const content = `${eol}${lines.map((line) => `${inner}${line}`).join(eol)}${eol}${outer}`;
  return [
    ...(needsComma ? [{ offset: lastEnd, length: 0, content: ',' }] : []),
    { offset: contentEnd, length: closing - contentEnd, content },
  ];
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1))?.[0] ?? '';
}

function isFirstOnLine(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
}
