import { applyEdits, findNodeAtLocation, modify, parseTree, type Edit, type Node, type ParseError } from 'jsonc-parser';

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

/** The edits that write a database's keys under an alias of `dbbackup.databases`. Comments, order and indentation of the rest stay. */
export function editDatabase(text: string, alias: string, keys: Readonly<Record<string, unknown>>): readonly Edit[] {
  const start = text.trim() === '' ? '{}' : text;
  const edits = modify(start, ['dbbackup.databases', alias], keys, { formattingOptions: formattingOf(text) });
  if (start === text) return edits;
  return [{ offset: 0, length: text.length, content: `${applyEdits(start, edits)}\n` }];
}

/** How the text is indented, by its first indented line; four spaces, as VS Code's own default, where none is. */
function formattingOf(text: string): { readonly tabSize: number; readonly insertSpaces: boolean; readonly eol: string } {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '    ';
  return { tabSize: indent.length, insertSpaces: !indent.startsWith('\t'), eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
