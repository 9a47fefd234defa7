import { classify, qualifiers, unusualWords } from './dumpObjects.ts';

/** A place in a dump. Units: bytes from its start; `end` is the first byte after it. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * What a dump's text holds.
 *
 * Shape: `tables` with their rows, undefined where they were not counted; other names by kind (`view`, `trigger`, `procedure` …);
 * `definers` as `user@host`, each with the places of its clauses; `named` are databases that a statement names by itself (`USE`);
 * `unusual` are the first words of statements that no dump tool writes.
 */
export interface DumpScan {
  readonly tables: ReadonlyMap<string, number | undefined>;
  readonly objects: ReadonlyMap<string, ReadonlySet<string>>;
  readonly definers: ReadonlyMap<string, readonly Place[]>;
  readonly named: ReadonlySet<string>;
  readonly unusual: ReadonlySet<string>;
  readonly longestStatementBytes: number;
  readonly isSandboxed: boolean;
}

/** `counted` reads every value and counts rows; `skipped` jumps over rows, whose line ends a tool always escapes. */
export type Rows = 'counted' | 'skipped';

/** Collects what a scan comes across. */
export class Findings {
  isSandboxed = false;
  readonly #rows: Rows;
  readonly #tables = new Map<string, number | undefined>();
  readonly #objects = new Map<string, Set<string>>();
  readonly #definers = new Map<string, Place[]>();
  readonly #named = new Set<string>();
  readonly #unusual = new Set<string>();
  #longest = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  addStatement(sizeBytes: number): void {
    this.#longest = Math.max(this.#longest, sizeBytes);
  }

  addDefiner(account: string, place: Place): void {
    const places = this.#definers.get(account);
    if (places === undefined) this.#definers.set(account, [place]);
    else places.push(place);
  }

  addRows(table: string, rows: number): void {
    this.#tables.set(table, this.#rows === 'counted' ? (this.#tables.get(table) ?? 0) + rows : undefined);
  }

  /** `head` is the beginning of a statement without comments and without DEFINER. */
  addObject(head: string): void {
    const unusual = unusualWords(head);
    if (unusual !== undefined) this.#unusual.add(unusual);
    for (const name of qualifiers(head)) this.#named.add(name);
    const found = classify(head);
    if (found === undefined) return;
    if (found.kind === 'database') this.#named.add(found.name);
    else if (found.kind === 'table') this.addRows(found.name, 0);
    else this.#objects.set(found.kind, (this.#objects.get(found.kind) ?? new Set()).add(found.name));
  }

  /** Older tools write a table in the place of each view first. */
  scan(): DumpScan {
    for (const view of this.#objects.get('view') ?? []) this.#tables.delete(view);
    return {
      tables: this.#tables,
      objects: this.#objects,
      definers: this.#definers,
      named: this.#named,
      unusual: this.#unusual,
      longestStatementBytes: this.#longest,
      isSandboxed: this.isSandboxed,
    };
  }
}
