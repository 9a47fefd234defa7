import type { ErrorCode } from '../../core/errors.ts';
import type { DatabaseFacts } from './catalog.ts';
import { mayEverywhere, mayInDatabase, type Rights } from './grants.ts';
import { number, quoted, text, type Session } from './session.ts';

/** What a dump would lack: `kind` of object (`routine` for all that has a body of its own), why, and what helps. */
export interface Gap {
  readonly kind: string;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly hint: string;
}

/** Every kind of object that this account cannot dump as a whole. */
export async function gapsOf(
  session: Session,
  { facts, rights, name }: { readonly facts: DatabaseFacts; readonly rights: Rights; readonly name: string },
): Promise<readonly Gap[]> {
  return [...grantGaps(facts, rights, name), ...(await routineGaps(session, facts, rights)), ...eventGaps(facts, name)];
}

export function missingGrant(facts: DatabaseFacts, name: string, [privilege, kind]: readonly [string, string]): Gap {
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

/** True for the kinds that a gap named `routine` stands for. */
export function isRoutine(kind: string): boolean {
  return /^(procedure|function|package|package body)$/.test(kind);
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

/** Views that the tool would stop at. A safety dump goes on without them: a database may be restored because it has some. */
export async function brokenViews(
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
