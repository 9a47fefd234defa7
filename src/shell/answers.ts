/**
 * What a caller says beforehand about a command's work, so that it need not ask.
 *
 * Shape: `folder` and `file` absolute paths; `path` leads to a settings key. Rows of the view carry the same names, so they are answers too.
 */
export interface Answers {
  readonly alias?: string;
  readonly folder?: string;
  readonly file?: string;
  readonly path?: readonly (string | number)[];
}

/**
 * Reads a command's arguments: one object of ours, or what VS Code gives for a row: the row, then all selected rows.
 *
 * Shape: empty when nothing was said. What is no answer is ignored, because menus pass arguments of their own.
 */
export function parseAnswers(args: readonly unknown[]): readonly Answers[] {
  const [first, selected] = args;
  const given: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [first];
  return given.map(parseAnswer).filter((answer) => Object.keys(answer).length > 0);
}

function parseAnswer(value: unknown): Answers {
  if (typeof value !== 'object' || value === null) return {};
  const { alias, folder, file, path }: Readonly<Record<string, unknown>> = { ...value };
  return {
    ...(typeof alias === 'string' ? { alias } : {}),
    ...(typeof folder === 'string' ? { folder } : {}),
    ...(typeof file === 'string' ? { file } : {}),
    ...(isPath(path) ? { path } : {}),
  };
}

function isPath(value: unknown): value is readonly (string | number)[] {
  return Array.isArray(value) && value.every((part) => typeof part === 'string' || typeof part === 'number');
}
