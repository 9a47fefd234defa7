import type { DumpOptions } from '../../core/connector.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { listText } from '../../core/words.ts';
import { readFacts, type DatabaseFacts } from './catalog.ts';
import type { DumpScan } from './findings.ts';
import { brokenViews, gapsOf, isRoutine, missingGrant } from './dumpGaps.ts';
import { mayInDatabase, readRights } from './grants.ts';
import { quoted, text, type Session } from './session.ts';

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
  const gaps = await gapsOf(session, { facts, rights, name });
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

/**
 * Names that a dump should have and has not: those that were in the database before it and after it.
 *
 * Shape: `lookAgain` is asked only where a name is missing.
 */
export async function missingNames(
  plan: DumpPlan,
  scan: DumpScan,
  lookAgain: () => Promise<DatabaseFacts>,
): Promise<readonly string[]> {
  if (missingOf(plan, plan.facts, scan).length === 0) return [];
  return missingOf(plan, await lookAgain(), scan);
}

function missingOf({ facts, ignored, lacking }: DumpPlan, after: DatabaseFacts, scan: DumpScan): readonly string[] {
  const left = new Set(ignored);
  const later = new Set(after.tables.map(({ name }) => name));
  const tables = facts.tables
    .map(({ name }) => name)
    .filter((name) => later.has(name) && !left.has(name) && !scan.tables.has(name));
  const objects = [...facts.objects].flatMap(([kind, names]) => {
    // The triggers of an ignored table go with it.
    if (kind === 'trigger' && left.size > 0) return [];
    if (lacking.has(kind) || (lacking.has('routine') && isRoutine(kind))) return [];
    return [...names].filter(
      (name) => after.objects.get(kind)?.has(name) === true && !left.has(name) && scan.objects.get(kind)?.has(name) !== true,
    );
  });
  return [...tables, ...objects];
}
