import { text, type Session } from './session.ts';

/**
 * What an account may do in one database.
 *
 * Shape: `everywhere` and `inDatabase` are privileges as SHOW GRANTS names them (`SHOW VIEW`); `onTables` those on single tables, by `schema.table`.
 */
export interface Rights {
  readonly everywhere: ReadonlySet<string>;
  readonly inDatabase: ReadonlySet<string>;
  readonly onTables: ReadonlyMap<string, ReadonlySet<string>>;
}

const all = 'ALL PRIVILEGES';

/** True for a privilege on the whole database. */
export function mayInDatabase({ everywhere, inDatabase }: Rights, privilege: string): boolean {
  return [everywhere, inDatabase].some((set) => set.has(all) || set.has(privilege));
}

/** True for one of these privileges on everything. Those of administrators are in no `ALL` of a database. */
export function mayEverywhere({ everywhere }: Rights, ...privileges: readonly string[]): boolean {
  return everywhere.has(all) || privileges.some((privilege) => everywhere.has(privilege));
}

/** Reads the rights of the session's user, those of its active roles included. */
export async function readRights(session: Session, name: string): Promise<Rights> {
  const lines = [...(await grantLines(session, 'SHOW GRANTS'))];
  const role = await session.query('SELECT CURRENT_ROLE() AS role').then(
    ([row]) => text(row, 'role'),
    () => '',
  );
  if (role !== '' && role !== 'NONE') {
    // MariaDB has one role at a time; MySQL names them all as it wants them back.
    lines.push(...(await grantLines(session, 'SHOW GRANTS FOR CURRENT_ROLE').catch(() => [])));
    lines.push(...(await grantLines(session, `SHOW GRANTS FOR CURRENT_USER() USING ${role}`).catch(() => [])));
  }
  return parseGrants(lines, name);
}

async function grantLines(session: Session, sql: string): Promise<readonly string[]> {
  const rows = await session.query(sql);
  return rows.flatMap((row) => Object.values(row).filter((value) => typeof value === 'string'));
}

const grant = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO /s;

/** Reads the lines of SHOW GRANTS. The database of a grant is a pattern, with `_` and `%`. */
export function parseGrants(lines: readonly string[], name: string): Rights {
  const everywhere = new Set<string>();
  const inDatabase = new Set<string>();
  const onTables = new Map<string, Set<string>>();
  for (const line of lines) {
    const [, privileges, schema = '', table = ''] = grant.exec(line) ?? [];
    if (privileges === undefined) continue;
    const into =
      schema === '*'
        ? everywhere
        : table === '*'
          ? matches(plain(schema), name)
            ? inDatabase
            : setOf(onTables, `${plain(schema)}.*`)
          : setOf(onTables, `${plain(schema)}.${plain(table)}`);
    for (const privilege of privileges.split(/,\s*(?![^(]*\))/)) if (!privilege.includes('(')) into.add(privilege.trim());
  }
  return { everywhere, inDatabase, onTables };
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}

function plain(quotedName: string): string {
  return quotedName.slice(1, -1).replaceAll('``', '`');
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/\\[_%\\]|[^]/g, (token) => {
    if (token === '_') return '.';
    return token === '%' ? '.*' : token.slice(-1).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(name);
}
