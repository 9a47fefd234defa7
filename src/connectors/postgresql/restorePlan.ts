import type { Run } from '../../core/run.ts';
import { listText } from '../../core/words.ts';
import { shownName } from './catalog.ts';
import { nameKey, type Dumped } from './dumped.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { number, text, type Row, type Session } from './session.ts';
import type { PgSettings } from './settings.ts';

/** What a restore has to respect in the target that it finds. */
export interface RestorePlan {
  readonly emptied: readonly string[];
  readonly lost: readonly string[];
  readonly keptExtensions: ReadonlySet<string>;
  /** Those of the target, whether the dump has them or not, that this role may not drop. */
  readonly foreignExtensions: ReadonlySet<string>;
  readonly withoutOwners: boolean;
  readonly hasTables: boolean;
}

/** The plan for a target that is made first, or that nothing can be known of. */
export function freshPlan(willExist: readonly string[]): RestorePlan {
  return {
    emptied: [],
    lost: [],
    keptExtensions: new Set(willExist),
    foreignExtensions: new Set(),
    withoutOwners: false,
    hasTables: false,
  };
}

/** What is planned for. `willExist` are extensions that someone else makes first; an undo drops everything else itself. */
export interface Restoring {
  readonly alias: string;
  readonly settings: PgSettings;
  readonly dumped: Dumped;
  readonly willExist: readonly string[];
  readonly isUndo: boolean;
  readonly run: Run;
}

/** Looks at everything in the target that would stop a restore half way. Errors: `restore.refused`, with what to do. */
export async function planRestore(session: Session, restoring: Restoring): Promise<RestorePlan> {
  const { settings, dumped, run, alias, isUndo } = restoring;
  const [role] = await session.query(
    'SELECT current_user::text AS name, rolsuper AS super FROM pg_roles WHERE rolname = current_user',
  );
  const isSuperuser = role?.['super'] === true;
  const keptExtensions = await extensionsToKeep(session, restoring, isSuperuser);
  const relations = await session.query(relationsQuery);
  const inDump = relations.filter((row) => dumped.tables.has(keyOf(row)));
  if (settings.drop && !isUndo) await refuseDependents(session, dumped);
  if (settings.singleTransaction) await refuseTooManyLocks(session, dumped, { dirty: settings.drop ? inDump.length : 0 });
  const problem = await roleProblem(session, dumped, isSuperuser);
  if (
    problem !== undefined &&
    !(await run.ask({ kind: 'proceed', alias, title: 'Restore without owners and rights?', ...problem }))
  )
    throw refusedRestore(problem.detail, 'Create the roles, or accept a restore without owners and rights.');
  return {
    emptied: settings.drop
      ? inDump.filter((row) => text(row, 'kind') === 'r' && !dumped.withRows.has(keyOf(row))).map(shown)
      : [],
    lost: settings.drop && !isUndo ? lostPartitions(relations, dumped) : [],
    keptExtensions,
    foreignExtensions: isSuperuser ? new Set() : await extensionsOfOthers(session),
    withoutOwners: problem !== undefined,
    hasTables: inDump.length > 0,
  };
}

const relationsQuery = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, pn.nspname AS parent_schema, p.relname AS parent
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
  LEFT JOIN pg_class p ON p.oid = i.inhparent LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

function keyOf(row: Row): string {
  return nameKey(text(row, 'schema'), text(row, 'name'));
}

function shown(row: Row): string {
  return shownName(text(row, 'schema'), text(row, 'name'));
}

/** Partitions that the dump does not have go with the table that they belong to. */
function lostPartitions(relations: readonly Row[], dumped: Dumped): string[] {
  return relations
    .filter(
      (row) => dumped.tables.has(nameKey(text(row, 'parent_schema'), text(row, 'parent'))) && !dumped.tables.has(keyOf(row)),
    )
    .map(shown)
    .toSorted();
}

/** An extension can be replaced by its owner only; one that is missing must be one that this role may create. */
async function extensionsToKeep(
  session: Session,
  { dumped, willExist }: Restoring,
  isSuperuser: boolean,
): Promise<ReadonlySet<string>> {
  if (dumped.extensions.size === 0) return new Set();
  const rows = await session.query(
    `SELECT a.name, e.oid IS NOT NULL AS installed, e.extowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) AS own,
       bool_or(v.trusted OR NOT v.superuser) AS trusted
     FROM pg_available_extensions a LEFT JOIN pg_extension e ON e.extname = a.name
     LEFT JOIN pg_available_extension_versions v ON v.name = a.name
     WHERE a.name = ANY ($1) GROUP BY 1, 2, 3`,
    [[...dumped.extensions]],
  );
  const names = new Map(rows.map((row) => [text(row, 'name'), row]));
  const isMissing = (name: string): boolean => {
    const row = names.get(name);
    if (row === undefined) return true;
    return row['installed'] !== true && !willExist.includes(name) && !isSuperuser && row['trusted'] !== true;
  };
  const missing = [...dumped.extensions].filter(isMissing);
  if (missing.length > 0)
    throw refusedRestore(
      `The dump needs extensions that this user cannot create: ${listText(missing)}.`,
      'Let an administrator run CREATE EXTENSION in the target, or install the extension’s package on the server.',
    );
  const kept = rows.filter((row) =>
    row['installed'] === true ? !isSuperuser && row['own'] !== true : willExist.includes(text(row, 'name')),
  );
  return new Set(kept.map((row) => text(row, 'name')));
}

async function extensionsOfOthers(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query(
    `SELECT extname::text AS name FROM pg_extension WHERE extowner <> (SELECT oid FROM pg_roles WHERE rolname = current_user)`,
  );
  return new Set(rows.map((row) => text(row, 'name')));
}

/** Objects made after the dump that hold on to what the restore drops. */
async function refuseDependents(session: Session, dumped: Dumped): Promise<void> {
  const keys = await session.query(
    `SELECT n.nspname AS schema, c.relname AS name, k.conname AS key, rn.nspname AS to_schema, r.relname AS to_name
     FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid <> k.confrelid`,
  );
  const views = await session.query(
    `SELECT DISTINCT n.nspname AS schema, v.relname AS name, rn.nspname AS to_schema, r.relname AS to_name
     FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
     JOIN pg_class v ON v.oid = w.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
     JOIN pg_class r ON r.oid = d.refobjid JOIN pg_namespace rn ON rn.oid = r.relnamespace
     WHERE v.oid <> r.oid AND v.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`,
  );
  const target = (row: Row): string => nameKey(text(row, 'to_schema'), text(row, 'to_name'));
  const laterKeys = keys.filter(
    (row) =>
      dumped.tables.has(target(row)) &&
      !dumped.foreignKeys.has(nameKey(text(row, 'schema'), `${text(row, 'name')} ${text(row, 'key')}`)),
  );
  const laterViews = views.filter((row) => dumped.relations.has(target(row)) && !dumped.relations.has(keyOf(row)));
  const found = [...laterKeys, ...laterViews].map(
    (row) => `${shown(row)} (on ${shownName(text(row, 'to_schema'), text(row, 'to_name'))})`,
  );
  if (found.length === 0) return;
  throw refusedRestore(
    `Tables or views made after the dump hold on to what it replaces: ${listText(found)}.`,
    'Drop those foreign keys or views first, and make them anew afterwards.',
  );
}

async function refuseTooManyLocks(session: Session, dumped: Dumped, { dirty }: { readonly dirty: number }): Promise<void> {
  const [row] = await session.query(
    `SELECT current_setting('max_locks_per_transaction') AS locks,
       current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int AS slots`,
  );
  const slots = number(row, 'slots');
  const needed = dumped.locks * (dirty > 0 ? 2 : 1);
  if (needed <= number(row, 'locks') * slots) return;
  throw refusedRestore(
    `One transaction would need about ${needed} locks, more than this server has (${number(row, 'locks') * slots}).`,
    `Set max_locks_per_transaction to ${Math.ceil(needed / slots) + 8} on the server, or SINGLE_TRANSACTION to false in the settings.`,
  );
}

/** Roles that the dump names and this role cannot give objects to. */
async function roleProblem(
  session: Session,
  dumped: Dumped,
  isSuperuser: boolean,
): Promise<{ readonly detail: string; readonly yes: string } | undefined> {
  const rows = await session.query(
    `SELECT r.name, p.oid IS NULL AS missing, p.oid IS NOT NULL AND pg_has_role(current_user, p.oid, 'MEMBER') AS member
     FROM unnest($1::text[]) AS r(name) LEFT JOIN pg_roles p ON p.rolname = r.name`,
    [[...dumped.roles]],
  );
  const yes = 'Restore Without Owners';
  const missing = rows.filter((row) => row['missing'] === true).map((row) => text(row, 'name'));
  if (missing.length > 0) return { detail: `Roles of the dump do not exist on the server: ${listText(missing)}.`, yes };
  const foreign = rows
    .filter((row) => row['member'] !== true && dumped.owners.has(text(row, 'name')))
    .map((row) => text(row, 'name'));
  if (isSuperuser || foreign.length === 0) return undefined;
  return { detail: `This user cannot make objects that belong to ${listText(foreign)}.`, yes };
}
