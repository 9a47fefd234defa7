import type { Contents } from '../../core/contents.ts';
import { number, text, type Session } from './session.ts';

/** A base table as the catalogue has it. */
export interface TableFacts {
  readonly name: string;
  readonly engine: string;
  readonly isVersioned: boolean;
}

/**
 * What is known of a server and its database before anything is done.
 *
 * Shape: `objects` are names by kind, as the scan of a dump has them: `view`, `trigger`, `procedure`, `function`, `event`, `sequence`, `package` …
 * `account` is `user@host` as the server knows the session. Units: bytes.
 */
export interface DatabaseFacts {
  readonly serverVersion: string;
  readonly flavour: 'mysql' | 'mariadb';
  readonly major: number;
  readonly account: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly tables: readonly TableFacts[];
  readonly objects: ReadonlyMap<string, ReadonlySet<string>>;
  readonly contents: Contents;
  readonly sizeBytes: number;
  readonly openSessions: number;
}

const variableNames = [
  'max_allowed_packet',
  'lower_case_table_names',
  'log_bin',
  'log_bin_trust_function_creators',
  'read_only',
  'super_read_only',
];

export async function readFacts(session: Session): Promise<DatabaseFacts> {
  const [server] = await session.query('SELECT VERSION() AS version, CURRENT_USER() AS account');
  const variables = await session.query('SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)', [variableNames]);
  const relations = await session.query(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, DATA_LENGTH + INDEX_LENGTH AS bytes
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const [sessions] = await session.query(
    'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
  );
  const tables = relations
    .filter((row) => /^(BASE TABLE|SYSTEM VERSIONED)$/.test(text(row, 'type')))
    .map((row) => ({
      name: text(row, 'name'),
      engine: text(row, 'engine'),
      isVersioned: text(row, 'type') === 'SYSTEM VERSIONED',
    }));
  const objects = await readObjects(session);
  for (const row of relations) {
    const kind = text(row, 'type').toLowerCase();
    if (kind === 'view' || kind === 'sequence') addName(objects, kind, text(row, 'name'));
  }
  const version = text(server, 'version');
  return {
    serverVersion: /^[\d.]+/.exec(version)?.[0] ?? version,
    flavour: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    major: Number.parseInt(version, 10),
    account: text(server, 'account'),
    variables: new Map(variables.map((row) => [text(row, 'Variable_name'), text(row, 'Value')])),
    tables,
    objects,
    contents: contentsOf(
      tables.map(({ name }) => name),
      objects,
    ),
    sizeBytes: relations.reduce((sum, row) => sum + number(row, 'bytes'), 0),
    openSessions: number(sessions, 'count'),
  };
}

async function readObjects(session: Session): Promise<Map<string, Set<string>>> {
  const rows = await session.query(
    `SELECT 'trigger' AS kind, TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
     UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
     UNION ALL SELECT 'event', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()`,
  );
  const objects = new Map<string, Set<string>>();
  for (const row of rows) addName(objects, text(row, 'kind'), text(row, 'name'));
  return objects;
}

function addName(objects: Map<string, Set<string>>, kind: string, name: string): void {
  objects.set(kind, (objects.get(kind) ?? new Set()).add(name));
}

/** Contents in the shape that the scan of a dump gives as well. */
function contentsOf(tables: readonly string[], objects: ReadonlyMap<string, ReadonlySet<string>>): Contents {
  return {
    tables: tables.toSorted().map((name) => ({ name })),
    objects: Object.fromEntries([...objects].map(([kind, names]): [string, number] => [kind, names.size]).toSorted()),
  };
}

/** The largest statement that the server takes. Units: bytes. */
export function packetLimit({ variables }: DatabaseFacts): number {
  return Number(variables.get('max_allowed_packet') ?? 0);
}
