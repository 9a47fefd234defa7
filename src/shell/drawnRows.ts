import { rowId, type Row } from './rows.ts';

/** A row as it was drawn: `looks` is all of it that can be seen, but for its children. The root has no row. */
export interface Drawn {
  readonly row: Row | undefined;
  readonly looks: string;
  readonly children: readonly Drawn[];
}

/**
 * Keeps a row the same object from one drawing to the next, whatever it says meanwhile.
 *
 * Source: seen in VS Code 1.139, which forgets all rows when the whole view is drawn anew: until it has asked for them again, a button
 * pressed in a row reaches its command without the row.
 */
export class KnownRows {
  #rows: ReadonlyMap<string, Row> = new Map();

  /** The object by which VS Code knows a row, saying now what `row` says. */
  keep(row: Row): Row {
    const known = this.#rows.get(rowId(row));
    return known === undefined ? row : Object.assign(known, row);
  }

  /** Forgets all rows that are not in a drawing. */
  become(drawn: Drawn): void {
    this.#rows = new Map(rowsIn(drawn).map((row) => [rowId(row), row]));
  }
}

/** The fewest rows whose drawing anew, with what is below them, makes one drawing of another. Undefined stands for the root. */
export function changedRows(before: Drawn, after: Drawn): readonly (Row | undefined)[] {
  const pairs = after.children.map((child, index) => ({ child, was: before.children[index] }));
  const hasSameRows = before.children.length === after.children.length && pairs.every(({ child, was }) => child.row === was?.row);
  if (before.looks !== after.looks || !hasSameRows) return [after.row];
  return pairs.flatMap(({ child, was }) => (was === undefined ? [] : changedRows(was, child)));
}

function rowsIn({ row, children }: Drawn): Row[] {
  return [...(row === undefined ? [] : [row]), ...children.flatMap(rowsIn)];
}
