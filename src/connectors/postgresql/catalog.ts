import type { Contents } from '../../core/contents.ts';
import { number, text, type Session } from './session.ts';

/** A table as the catalogue has it. `bytes` with its TOAST data; partitioned tables have none of their own. */
export interface TableFacts {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly bytes: number;
}

/** What is known of a server and its database before anything is done. */
export interface DatabaseFacts {
  readonly serverVersion: string;
  readonly major: number;
  readonly tables: readonly TableFacts[];
  readonly contents: Contents;
  readonly sizeBytes: number;
  readonly openSessions: number;
}

/** `orders`, or `audit.orders` outside the schema public. */
export function shownName(schema: string, name: string): string {
  return schema === 'public' ? name : `${schema}.${name}`;
}

/** A condition on `n.nspname` and the object `o` of catalogue `c`: the users' own, not the system's, not an extension's. */
const ofUsers = (catalogue: string, object: string): string => `
  n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '${catalogue}'::regclass AND d.objid = ${object}.oid AND d.deptype = 'e')`;

/** Looks at a database; with `schemas` only at these. Tables are in name order. */
export async function readFacts(session: Session, schemas: readonly string[]): Promise<DatabaseFacts> {
  const [server] = await session.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
       pg_database_size(current_database())::text AS bytes,
       (SELECT count(*)::text FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS sessions`,
  );
  const relations = await session.query(
    `SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
       -- pg_table_size waits for a table that someone has locked; without it, only what was vacuumed or analysed has a size.
       CASE WHEN c.relpages > 0 OR c.relkind NOT IN ('r', 'm') OR c.oid IN (SELECT l.relation FROM pg_locks l WHERE l.mode = 'AccessExclusiveLock')
         THEN 8192 * (greatest(c.relpages, 0)::bigint + greatest(coalesce(t.relpages, 0), 0))
         ELSE pg_table_size(c.oid) END::text AS bytes
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND ${ofUsers('pg_class', 'c')}
       AND (cardinality($1::text[]) = 0 OR n.nspname = ANY ($1))`,
    [schemas],
  );
  const found = relations.map((row) => ({
    schema: text(row, 'schema'),
    name: text(row, 'name'),
    kind: text(row, 'kind'),
    bytes: number(row, 'bytes'),
  }));
  const tables = found.filter(({ kind }) => 'rpf'.includes(kind));
  const version = text(server, 'version').split(' ')[0] ?? '';
  return {
    serverVersion: version,
    major: Math.floor(Number(text(server, 'number')) / 10_000),
    tables,
    contents: contentsOf(
      tables,
      found.filter(({ kind }) => kind === 'v').length,
      found.filter(({ kind }) => kind === 'm').length,
    ),
    sizeBytes: number(server, 'bytes'),
    openSessions: number(server, 'sessions'),
  };
}

/** Contents in the shape that a dump's own list gives as well. */
export function contentsOf(
  tables: readonly { readonly schema: string; readonly name: string }[],
  views: number,
  materializedViews: number,
): Contents {
  const names = tables.map(({ schema, name }) => shownName(schema, name)).toSorted();
  return {
    tables: names.map((name) => ({ name })),
    objects: {
      ...(views > 0 ? { view: views } : {}),
      ...(materializedViews > 0 ? { 'materialized view': materializedViews } : {}),
    },
  };
}

/** The schemas of a list that do not exist under exactly that name. */
export async function missingSchemas(session: Session, schemas: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query('SELECT nspname::text AS name FROM pg_namespace WHERE nspname = ANY ($1)', [schemas]);
  const there = new Set(rows.map((row) => text(row, 'name')));
  return schemas.filter((schema) => !there.has(schema));
}

/** Foreign keys of tables whose rows are in the dump to tables whose rows are not, where such rows are. */
export async function keysToExcluded(session: Session, excluded: readonly TableFacts[]): Promise<readonly string[]> {
  if (excluded.length === 0) return [];
  const names = excluded.map(({ schema, name }) => JSON.stringify([schema, name]));
  const keys = await session.query(
    `SELECT n.nspname AS schema, c.relname AS name, rn.nspname AS to_schema, r.relname AS to_name,
       (SELECT string_agg(quote_ident(a.attname) || ' IS NOT NULL', ' AND ') FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum = ANY (k.conkey)) AS filled
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0
       AND json_build_array(rn.nspname, r.relname)::jsonb = ANY ($1::jsonb[])
       AND json_build_array(n.nspname, c.relname)::jsonb <> ALL ($1::jsonb[])`,
    [names],
  );
  const found: string[] = [];
  for (const row of keys) {
    const table = `${ident(text(row, 'schema'))}.${ident(text(row, 'name'))}`;
    const [answer] = await session.query(`SELECT EXISTS (SELECT 1 FROM ${table} WHERE ${text(row, 'filled')}) AS refers`);
    if (answer?.['refers'] === true)
      found.push(
        `${shownName(text(row, 'schema'), text(row, 'name'))} refers to ${shownName(text(row, 'to_schema'), text(row, 'to_name'))}`,
      );
  }
  return found;
}

function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
