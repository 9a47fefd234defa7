import type { Database } from 'better-sqlite3';
import { BackupError } from '../../../core/errors.ts';
import { quoteName } from '../contents.ts';
import { foldName } from './names.ts';

type TargetKind = 'table' | 'virtual' | 'shadow' | 'view';

/** The tables and views that a live database had before the restore, and what must make room for those of the dump. */
export class Target {
  private readonly database: Database;
  private readonly objects: Map<string, { readonly name: string; readonly kind: TargetKind }>;
  /** Virtual tables that went because the dump creates tables of the names in which they keep their rows. */
  private readonly torn = new Map<string, string>();

  constructor(database: Database) {
    this.database = database;
    const rows = database
      .prepare<[], { name: string; kind: TargetKind }>(`SELECT name, type AS kind FROM pragma_table_list WHERE schema = 'main'`)
      .all();
    this.objects = new Map(rows.map((row) => [foldName(row.name), row]));
  }

  /** Folded names of the tables that are still there. */
  get tables(): ReadonlySet<string> {
    return new Set([...this.objects].filter(([, { kind }]) => kind !== 'view').map(([folded]) => folded));
  }

  /** Removes what has the name of a table that the dump creates. */
  clearTable(name: string): void {
    const found = this.objects.get(foldName(name));
    if (found === undefined) return;
    if (found.kind === 'view') return this.drop('VIEW', found.name);
    if (found.kind !== 'shadow') return this.dropTable(found.name);
    const owner = this.ownerOf(found.name);
    if (owner === undefined) return;
    this.torn.set(foldName(owner), owner);
    this.dropTable(owner);
  }

  /** Removes the view, index or trigger that has the name of one that the dump creates; never a table, which the dump does not replace. */
  clear(type: 'view' | 'index' | 'trigger', name: string): void {
    if (type === 'view' && this.objects.get(foldName(name))?.kind === 'view') return this.drop('VIEW', name);
    const found = this.database
      .prepare<[string, string], string>('SELECT name FROM sqlite_schema WHERE type = ? AND name = ? COLLATE NOCASE')
      .pluck()
      .get(type, name);
    if (found !== undefined) this.drop(type.toUpperCase(), found);
  }

  /** Throws when a virtual table had to go that the dump did not bring back. */
  checkTorn(created: ReadonlySet<string>): void {
    for (const [folded, name] of this.torn) {
      if (created.has(folded)) continue;
      throw new BackupError('sqlite.statement', `The dump would replace tables in which ${name} keeps its rows.`, {
        hint: 'Drop or rename that virtual table first. Nothing was changed.',
      });
    }
  }

  private ownerOf(shadow: string): string | undefined {
    const owners = [...this.objects.values()].filter(
      ({ name, kind }) => kind === 'virtual' && foldName(shadow).startsWith(`${foldName(name)}_`),
    );
    return owners.sort((a, b) => b.name.length - a.name.length)[0]?.name;
  }

  private dropTable(name: string): void {
    const found = this.objects.get(foldName(name));
    this.drop('TABLE', name);
    if (found?.kind !== 'virtual') return;
    // Its shadow tables went with it; those of another virtual table may have a name that begins alike.
    const left = new Set(
      this.database.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all().map(foldName),
    );
    for (const [folded, { kind }] of this.objects) if (kind === 'shadow' && !left.has(folded)) this.objects.delete(folded);
  }

  private drop(type: string, name: string): void {
    this.database.exec(`DROP ${type} main.${quoteName(name)}`);
    this.objects.delete(foldName(name));
  }
}
