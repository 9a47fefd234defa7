import type { DumpOptions } from '../../core/connector.ts';
import type { Contents } from '../../core/contents.ts';
import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { listText, sizeText } from '../../core/words.ts';
import { keysToExcluded, missingSchemas, readFacts, shownName, type DatabaseFacts } from './catalog.ts';
import { exclusionOf } from './exclude.ts';
import { quoted, type Session } from './session.ts';
import type { PgSettings } from './settings.ts';
import { tableProgress } from './tableProgress.ts';

/** What is decided before a dump. `selection` are the words that leave things out, `rowBytes` what the tables take up whose rows are dumped. */
export interface DumpPlan {
  readonly facts: DatabaseFacts;
  readonly rowBytes: number;
  readonly selection: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Looks at the database and checks what EXCLUDE and SCHEMAS name, since pg_dump takes what it does not find for nothing.
 *
 * Errors: `dump.refused` for a schema that does not exist, and for a dump that could not be restored, unless that is accepted.
 */
export async function planDump(
  session: Session,
  { alias, settings, purpose, run }: { alias: string; settings: PgSettings; purpose: DumpOptions['purpose']; run: Run },
): Promise<DumpPlan> {
  const [schemas, exclude] = purpose === 'safety' ? [[], []] : [settings.schemas, settings.exclude];
  const missing = await missingSchemas(session, schemas);
  if (missing.length > 0)
    throw new BackupError('dump.refused', `There is no schema named exactly so: ${listText(missing)}.`, {
      hint: 'Correct SCHEMAS in the settings; capitals count.',
    });
  const facts = await readFacts(session, schemas);
  const { patterns, tables, unmatched } = exclusionOf(exclude, facts.tables);
  const broken = await keysToExcluded(session, tables);
  const detail = `Rows in the dump would refer to rows that are left out: ${listText(broken)}.`;
  if (
    broken.length > 0 &&
    !(await run.ask({ kind: 'proceed', alias, title: 'Make a dump that cannot be restored as it is?', detail, yes: 'Make It' }))
  )
    throw new BackupError('dump.refused', detail, { hint: 'Exclude the tables that refer to them as well.' });
  return {
    facts,
    rowBytes: facts.tables.filter((table) => !tables.includes(table)).reduce((sum, { bytes }) => sum + bytes, 0),
    selection: [
      ...patterns.map((pattern) => `--exclude-table-data=${pattern}`),
      ...schemas.flatMap((schema) => ['-n', quoted(schema)]),
    ],
    warnings: [
      ...unmatched.map((name) => `EXCLUDE names ${name}, which matches no table.`),
      ...(broken.length > 0 ? [detail] : []),
      ...(schemas.length > 0 ? ['With SCHEMAS the dump has no large objects, extensions and publications.'] : []),
    ],
  };
}

/** A dump is smaller than its tables, which hold dead rows and gaps as well; hardly ever by more than this. */
const mostSaved = { plain: 4, compressed: 20 } as const;

/** Errors: `disk.full` for a dump that cannot be expected to fit. */
export function refuseWithoutRoom(
  { rowBytes }: Pick<DumpPlan, 'rowBytes'>,
  { freeBytes, kind, where }: { readonly freeBytes: number; readonly kind: keyof typeof mostSaved; readonly where: string },
): void {
  const leastBytes = rowBytes / mostSaved[kind];
  if (leastBytes <= freeBytes) return;
  throw new BackupError(
    'disk.full',
    `The dump of ${where} needs at least ${sizeText(leastBytes)}, and its disk has ${sizeText(freeBytes)} left.`,
    { hint: 'Free some space there, or set dbbackup.dumpDirectory to a folder on another disk.' },
  );
}

/** How much of the rows is dumped, by the lines that pg_dump says: it tells when it begins a table. */
export function dumpProgress({ tables }: DatabaseFacts, run: Run): (line: string) => void {
  const sizes = new Map(tables.map(({ schema, name, bytes }) => [`${schema}.${name}`, bytes]));
  const totalBytes = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  return tableProgress({ phase: 'dumping', began: /dumping contents of table "(.*)"$/, sizes, totalBytes }, run);
}

/** Whether two looks at a database saw the same tables. */
export function isSame(a: Contents, b: Contents): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Tables that a dump should have and has not: those that were in the database before it and after it. */
export function missingTables(before: Contents, after: Contents, found: Contents): string[] {
  const later = new Set(after.tables.map(({ name }) => name));
  const dumped = new Set(found.tables.map(({ name }) => name));
  return before.tables.map(({ name }) => name).filter((name) => later.has(name) && !dumped.has(name));
}

/** Tables whose keys only an archive can restore over themselves. */
export function partitionedTables({ tables }: DatabaseFacts): string[] {
  return tables.filter(({ kind }) => kind === 'p').map(({ schema, name }) => shownName(schema, name));
}
