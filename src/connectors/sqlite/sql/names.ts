/** A text as an SQL string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The form under which two names are the same to SQLite, which ignores the case of ASCII letters only. */
export function foldName(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

/** True for the names that SQLite keeps for itself (`sqlite_sequence`, `sqlite_stat1` …). */
export function isInternalName(name: string): boolean {
  return foldName(name).startsWith('sqlite_');
}

/** Modules whose virtual tables keep their rows in shadow tables, or nowhere, and the endings of those tables' names. */
const shadowEndings: ReadonlyMap<string, readonly string[]> = new Map([
  ['fts3', ['content', 'segments', 'segdir', 'docsize', 'stat']],
  ['fts4', ['content', 'segments', 'segdir', 'docsize', 'stat']],
  ['fts5', ['data', 'idx', 'content', 'docsize', 'config']],
  ['rtree', ['node', 'rowid', 'parent']],
  ['rtree_i32', ['node', 'rowid', 'parent']],
  ['geopoly', ['node', 'rowid', 'parent']],
  ['fts4aux', []],
  ['fts5vocab', []],
]);

/** True for the modules whose virtual tables a dump may create: full text, R-tree and polygons, all of SQLite's own. */
export function isKnownModule(module: string): boolean {
  return shadowEndings.has(foldName(module));
}

/** Names, folded, of the tables in which a virtual table of a known module keeps its rows. */
export function shadowNames(table: string, module: string): readonly string[] {
  return (shadowEndings.get(foldName(module)) ?? []).map((ending) => `${foldName(table)}_${ending}`);
}
