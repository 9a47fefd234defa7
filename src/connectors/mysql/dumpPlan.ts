import type { DumpOptions } from '../../core/connector.ts';
import { BackupError, type ErrorCode } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { listText } from '../../core/words.ts';
import { readFacts, type DatabaseFacts } from './catalog.ts';
import type { DumpScan } from './findings.ts';
import { mayEverywhere, mayInDatabase, readRights, type Rights } from './grants.ts';
import { number, quoted, text, type Session } from './session.ts';

/** What is decided before a dump. `ignored` are tables and views that are left out; `lacking` the kinds that may be missing, as was accepted. */
export interface DumpPlan {
  readonly facts: DatabaseFacts;
  readonly ignored: readonly string[];
  readonly lacking: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

interface Planning {
  readonly alias: string;
  readonly name: string;
  readonly exclude: readonly string[];
  readonly purpose: DumpOptions['purpose'];
  readonly run: Run;
}

/** What a dump would lack: `kind` of object, why, and what helps. */
interface Gap {
  readonly kind: string;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
}

/**
 * Looks at everything that the dump tool leaves out without a word, or stops at.
 *
 * Errors: `connection.denied` for a right that is missing, and `dump.refused` for what cannot be dumped whole, unless that is accepted.
 */
export async function planDump(session: Session, planning: Planning): Promise<DumpPlan> {
  const { alias, name, purpose, run } = planning;
  const facts = await readFacts(session);
  const rights = await readRights(session, name);
  const select = missingGrant(facts, name, ['SELECT', 'table']);
  if (!mayInDatabase(rights, 'SELECT')) throw new BackupError(select.code, select.detail, select);
  const gaps = [...grantGaps(facts, rights, name), ...(await routineGaps(session, facts, rights)), ...eventGaps(facts, name)];
  const title = purpose === 'safety' ? 'Make a safety dump that is not complete?' : 'Make a dump that is not complete?';
  for (const { code, detail, hint } of gaps) {
    if (!(await run.ask({ kind: 'proceed', alias, title, detail, yes: 'Make It' })))
      throw new BackupError(code, detail, { hint });
  }
  const { excluded, unmatched } = excludedNames(facts, purpose === 'safety' ? [] : planning.exclude);
  const broken = await viewsOf(session, name, excluded);
  const detail = `Views in the dump would use tables that are left out: ${listText(broken)}.`;
  if (
    broken.length > 0 &&
    !(await run.ask({ kind: 'proceed', alias, title: 'Make a dump that needs those tables?', detail, yes: 'Make It' }))
  )
    throw new BackupError('dump.refused', detail, { hint: 'Exclude these views as well.' });
  const lacking = new Set(gaps.map(({ kind }) => kind));
  const unusable = purpose === 'safety' ? await brokenViews(session, facts) : [];
  const views = lacking.has('view') ? [...(facts.objects.get('view') ?? [])] : [];
  return {
    facts,
    ignored: [...excluded, ...views, ...unusable.map((view) => view.name)],
    lacking,
    warnings: [
      ...gaps.map((gap) => gap.detail),
      ...(unmatched.length > 0 ? [`EXCLUDE names what matches no table: ${listText(unmatched)}.`] : []),
      ...(broken.length > 0 ? [detail] : []),
      ...unusable.map((view) => `The view ${view.name} is broken and not in this dump. It was: ${view.definition}`),
      ...(await limitsOf(session, facts, excluded)),
    ],
  };
}

function missingGrant(facts: DatabaseFacts, name: string, [privilege, kind]: readonly [string, string]): Gap {
  return {
    kind,
    code: 'connection.denied',
    detail: `${facts.account} lacks the right ${privilege} on ${name}, so that the dump would lack its ${kind}s.`,
    hint: `GRANT ${privilege} ON ${quoted(name)}.* TO ${grantee(facts)};`,
  };
}

function grantee({ account }: DatabaseFacts): string {
  return account
    .split(/@(?=[^@]*$)/)
    .map(quoted)
    .join('@');
}

/** What the tool does not see, or stops at, without the right for it. */
function grantGaps(facts: DatabaseFacts, rights: Rights, name: string): Gap[] {
  const needed: readonly (readonly [string, string])[] = [
    ['TRIGGER', 'trigger'],
    ['EVENT', 'event'],
    ...(facts.objects.has('view') ? [['SHOW VIEW', 'view'] as const] : []),
  ];
  return needed.filter(([privilege]) => !mayInDatabase(rights, privilege)).map((need) => missingGrant(facts, name, need));
}

/** Routines are seen by whoever may run or change them, but read by their definers only, and by whoever may read all of them. */
async function routineGaps(session: Session, facts: DatabaseFacts, rights: Rights): Promise<Gap[]> {
  if (mayReadRoutines(rights)) return [];
  const seesAll = ['EXECUTE', 'ALTER ROUTINE', 'CREATE ROUTINE'].some((privilege) => mayInDatabase(rights, privilege));
  const [row] = await session.query(
    'SELECT COUNT(*) AS hidden FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL',
  );
  if (seesAll && number(row, 'hidden') === 0) return [];
  const right = facts.flavour === 'mysql' && facts.major >= 8 ? 'SHOW_ROUTINE ON *.*' : 'SELECT ON mysql.proc';
  return [
    {
      kind: 'routine',
      code: 'connection.denied',
      detail: `${facts.account} lacks the right ${right}, so that the dump would lack procedures and functions.`,
      hint: `GRANT ${right} TO ${grantee(facts)};`,
    },
  ];
}

function mayReadRoutines(rights: Rights): boolean {
  if (mayEverywhere(rights, 'SELECT', 'SHOW_ROUTINE')) return true;
  if ([rights.everywhere, rights.inDatabase].some((held) => held.has('SHOW CREATE ROUTINE'))) return true;
  const onTables = ['mysql.*', 'mysql.proc'].flatMap((key) => [...(rights.onTables.get(key) ?? [])]);
  return onTables.includes('SELECT') || onTables.includes('ALL PRIVILEGES');
}

/** The tool selects a database with events by its escaped name, and finds none. Seen with mariadb-dump 10.11. */
function eventGaps({ objects }: DatabaseFacts, name: string): Gap[] {
  if (!objects.has('event') || !/['"\\]/.test(name)) return [];
  return [
    {
      kind: 'event',
      code: 'dump.refused',
      detail: 'The dump tools cannot dump the events of a database whose name holds a quote or a backslash.',
      hint: 'Give the database another name, or accept a dump without its events.',
    },
  ];
}

/** EXCLUDE names tables and views exactly; capitals count where the server lets them count. */
function excludedNames(
  { tables, objects, variables }: DatabaseFacts,
  exclude: readonly string[],
): { readonly excluded: readonly string[]; readonly unmatched: readonly string[] } {
  const fold = (name: string): string => (variables.get('lower_case_table_names') === '0' ? name : name.toLowerCase());
  const names = [...tables.map(({ name }) => name), ...(objects.get('view') ?? []), ...(objects.get('sequence') ?? [])];
  const byName = new Map(names.map((name) => [fold(name), name]));
  const found = exclude.map((name) => byName.get(fold(name)));
  return {
    excluded: found.filter((name) => name !== undefined),
    unmatched: exclude.filter((_, index) => found[index] === undefined),
  };
}

/** Views that use one of these tables, by the text of their definition, in which every name is quoted. */
async function viewsOf(session: Session, name: string, tables: readonly string[]): Promise<readonly string[]> {
  if (tables.length === 0) return [];
  const rows = await session.query(
    'SELECT TABLE_NAME AS name, VIEW_DEFINITION AS definition FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()',
  );
  const references = tables.map((table) => `${quoted(name)}.${quoted(table)}`);
  return rows
    .filter(
      (row) => !tables.includes(text(row, 'name')) && references.some((reference) => text(row, 'definition').includes(reference)),
    )
    .map((row) => text(row, 'name'));
}

/** Views that the tool would stop at. A safety dump goes on without them: a database may be restored because it has some. */
async function brokenViews(
  session: Session,
  { objects }: DatabaseFacts,
): Promise<readonly { readonly name: string; readonly definition: string }[]> {
  const broken: { name: string; definition: string }[] = [];
  for (const name of objects.get('view') ?? []) {
    const isBroken = await session.query(`SELECT * FROM ${quoted(name)} LIMIT 0`).then(
      () => false,
      (error: unknown) => error instanceof Error && 'errno' in error && error.errno === invalidView,
    );
    if (!isBroken) continue;
    const [row] = await session.query(`SHOW CREATE VIEW ${quoted(name)}`);
    broken.push({ name, definition: text(row, 'Create View') });
  }
  return broken;
}

/** ER_VIEW_INVALID. */
const invalidView = 1356;

/** What a dump of this kind cannot hold as it is. */
async function limitsOf(session: Session, { tables }: DatabaseFacts, excluded: readonly string[]): Promise<string[]> {
  const dumped = tables.filter(({ name }) => !excluded.includes(name));
  const loose = dumped
    .filter(({ engine }) => /^(MyISAM|Aria|MEMORY|CSV|ARCHIVE|MRG_MyISAM)$/i.test(engine))
    .map(({ name }) => name);
  const rows = await session.query(
    "SELECT DISTINCT TABLE_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE = 'float'",
  );
  const names = new Set(dumped.map(({ name }) => name));
  const floats = rows.map((row) => text(row, 'name')).filter((name) => names.has(name));
  return [
    ...(loose.length > 0 ? [`Tables without transactions are not of the same moment as the others: ${listText(loose)}.`] : []),
    ...(floats.length > 0 ? [`FLOAT columns are dumped with six digits: ${listText(floats)}.`] : []),
  ];
}

/** Names that a dump should have and has not: those that were in the database before it and after it. */
export function missingNames({ facts, ignored, lacking }: DumpPlan, after: DatabaseFacts, scan: DumpScan): string[] {
  const left = new Set(ignored);
  const later = new Set(after.tables.map(({ name }) => name));
  const tables = facts.tables
    .map(({ name }) => name)
    .filter((name) => later.has(name) && !left.has(name) && !scan.tables.has(name));
  const objects = [...facts.objects].flatMap(([kind, names]) => {
    // The triggers of an ignored table go with it.
    if (kind === 'trigger' && left.size > 0) return [];
    if (lacking.has(kind) || (lacking.has('routine') && /procedure|function|package/.test(kind))) return [];
    return [...names].filter(
      (name) => after.objects.get(kind)?.has(name) === true && !left.has(name) && scan.objects.get(kind)?.has(name) !== true,
    );
  });
  return [...tables, ...objects];
}
