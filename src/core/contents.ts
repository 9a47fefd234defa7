/** One table (collection, model) with its rows; `rows` is absent where counting was not possible. */
export interface TableCount {
  readonly name: string;
  readonly rows?: number | undefined;
}

/**
 * What a database or a dump holds, in the words of its engine.
 *
 * Shape: `tables` in name order, without the engine's own; `objects` counts everything else by kind (`index`, `trigger`, `view` …).
 */
export interface Contents {
  readonly tables: readonly TableCount[];
  readonly objects: Readonly<Record<string, number>>;
}
