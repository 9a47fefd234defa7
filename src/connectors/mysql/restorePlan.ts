import { BackupError } from '../../core/errors.ts';
import type { Run } from '../../core/run.ts';
import { listText } from '../../core/words.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { packetLimit, readFacts, type DatabaseFacts } from './catalog.ts';
import type { DumpScan } from './findings.ts';
import { mayEverywhere, mayInDatabase, readRights, type Rights } from './grants.ts';
import { quoted, text, type Session } from './session.ts';

/** What a restore has to respect in the target that it finds. `asMe`: whoever restores becomes the definer of every object. */
export interface RestorePlan {
  readonly facts: DatabaseFacts;
  readonly asMe: boolean;
  readonly warnings: readonly string[];
}

interface Restoring {
  readonly alias: string;
  readonly name: string;
  readonly scan: DumpScan;
  readonly origin: 'here' | 'foreign';
  /** Whether everything that the dump does not have is removed first. */
  readonly removesOthers: boolean;
  readonly run: Run;
}

/** Looks at everything in the server and the target that would stop a restore half way. Errors: `restore.refused`, `connection.denied`, with what to do. */
export async function planRestore(session: Session, restoring: Restoring): Promise<RestorePlan> {
  const { alias, name, scan, origin, removesOthers, run } = restoring;
  const facts = await readFacts(session);
  const rights = await readRights(session, name);
  refuseReadOnly(facts, rights);
  refuseMissingRights(scan, { facts, rights, name });
  refuseLongStatements(scan, facts);
  if (!removesOthers) refuseOtherKinds(scan, facts);
  const problem = await definerProblem(session, scan, { facts, rights });
  const title = 'Make this user the definer of what the dump holds?';
  if (problem !== undefined && !(await run.ask({ kind: 'proceed', alias, title, detail: problem, yes: 'Restore as This User' })))
    throw refusedRestore(problem, 'Create these accounts, or accept that this user becomes the definer.');
  return { facts, asMe: problem !== undefined, warnings: origin === 'foreign' ? [powersOf(facts, rights)] : [] };
}

function refuseReadOnly({ variables }: DatabaseFacts, rights: Rights): void {
  const isOn = (name: string): boolean => /^(ON|1)$/i.test(variables.get(name) ?? '');
  if (!isOn('read_only') && !isOn('super_read_only')) return;
  if (!isOn('super_read_only') && mayEverywhere(rights, 'SUPER', 'READ_ONLY ADMIN', 'CONNECTION_ADMIN')) return;
  throw refusedRestore('The server is read-only.', 'Restore into the server that this one copies, or set read_only to OFF.');
}

/** The rights that the statements of a dump need, by what is in it. */
function refuseMissingRights(
  { tables, objects }: DumpScan,
  { facts, rights, name }: { readonly facts: DatabaseFacts; readonly rights: Rights; readonly name: string },
): void {
  const has = (...kinds: readonly string[]): boolean => kinds.some((kind) => objects.has(kind));
  const needed = [
    ...(tables.size > 0 ? ['SELECT', 'INSERT', 'CREATE', 'DROP', 'ALTER', 'LOCK TABLES'] : []),
    ...(has('view') ? ['CREATE', 'DROP', 'CREATE VIEW'] : []),
    ...(has('sequence') ? ['CREATE', 'DROP', 'SELECT', 'INSERT'] : []),
    ...(has('trigger') ? ['TRIGGER'] : []),
    ...(has('event') ? ['EVENT'] : []),
    ...(has('procedure', 'function', 'package', 'package body') ? ['CREATE ROUTINE', 'ALTER ROUTINE'] : []),
  ];
  const missing = [...new Set(needed)].filter((privilege) => !mayInDatabase(rights, privilege));
  if (missing.length > 0)
    throw new BackupError('connection.denied', `${facts.account} lacks rights that the restore needs: ${missing.join(', ')}.`, {
      hint: `GRANT ${missing.join(', ')} ON ${quoted(name)}.* TO ${facts.account
        .split(/@(?=[^@]*$)/)
        .map(quoted)
        .join('@')};`,
    });
  const isLogged = /^(ON|1)$/i.test(facts.variables.get('log_bin') ?? '');
  const isTrusted = /^(ON|1)$/i.test(facts.variables.get('log_bin_trust_function_creators') ?? 'ON');
  if (has('trigger', 'function') && isLogged && !isTrusted && !mayEverywhere(rights, 'SUPER'))
    throw refusedRestore(
      'The server lets only administrators create functions and triggers while it keeps a binary log.',
      'SET GLOBAL log_bin_trust_function_creators = 1; or restore as an administrator.',
    );
}

function refuseLongStatements({ longestStatementBytes }: DumpScan, facts: DatabaseFacts): void {
  if (longestStatementBytes + packetOverhead <= packetLimit(facts)) return;
  throw refusedRestore(
    `The dump has a statement of ${longestStatementBytes} bytes, more than the server takes (${packetLimit(facts)}).`,
    `SET GLOBAL max_allowed_packet = ${packetFor(longestStatementBytes)};`,
  );
}

/** What a packet holds beside its statement, generously. Units: bytes. */
const packetOverhead = 1024;

/** The setting that takes a statement, in whole MiB. Units: bytes. */
export function packetFor(statementBytes: number): number {
  return Math.ceil((statementBytes + packetOverhead) / 1_048_576) * 1_048_576;
}

/** A table where the dump has a view would be dropped with its rows, and a view where it has a table would stop it. */
function refuseOtherKinds({ tables, objects: dumped }: DumpScan, { tables: live, objects }: DatabaseFacts): void {
  const views = dumped.get('view') ?? new Set();
  const others = [...(objects.get('view') ?? []), ...(objects.get('sequence') ?? [])];
  const found = [
    ...live.map(({ name }) => name).filter((name) => views.has(name) || dumped.get('sequence')?.has(name) === true),
    ...others.filter((name) => tables.has(name)),
  ];
  if (found.length === 0) return;
  throw refusedRestore(
    `What is a table here is a view in the dump, or the other way round: ${listText(found)}.`,
    'Rename or drop them first.',
  );
}

/** Definers that this account may not name, or that the server does not have: such an object cannot be made, or fails when it is used. */
async function definerProblem(
  session: Session,
  { definers }: DumpScan,
  { facts, rights }: { readonly facts: DatabaseFacts; readonly rights: Rights },
): Promise<string | undefined> {
  const others = [...definers.keys()].filter((account) => account !== facts.account && !/^CURRENT_USER@/i.test(account));
  if (others.length === 0) return undefined;
  if (!mayEverywhere(rights, 'SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER'))
    return `${facts.account} may not create what belongs to other definers: ${listText(others)}.`;
  const accounts = await session.query("SELECT CONCAT(User, '@', Host) AS account FROM mysql.user").catch(() => []);
  const known = new Set(accounts.map((row) => text(row, 'account')));
  const missing = others.filter((account) => !known.has(account));
  return missing.length === 0 ? undefined : `Definers in the dump do not exist on the server: ${listText(missing)}.`;
}

/** A dump that was made elsewhere runs with the rights of whoever restores it. */
function powersOf({ account }: DatabaseFacts, { everywhere }: Rights): string {
  const powers = everywhere.has('ALL PRIVILEGES')
    ? 'all rights on the server'
    : ['SUPER', 'FILE', 'CREATE USER', 'SHUTDOWN', 'GRANT OPTION'].filter((right) => everywhere.has(right)).join(', ');
  const may = powers === '' ? 'no rights of an administrator' : powers;
  return `The dump was not made here. What is in it runs as ${account}, who has ${may}.`;
}
