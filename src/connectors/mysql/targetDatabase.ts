import { BackupError } from '../../core/errors.ts';
import { listText } from '../../core/words.ts';
import { readFacts } from './catalog.ts';
import type { DumpScan } from './findings.ts';
import { quoted, withSession, type Session } from './session.ts';
import type { Place } from './settings.ts';

/**
 * Runs `body` on a database that may not exist yet: it is made first, and taken away again when `body` fails.
 *
 * Shape: in utf8mb4, since parameters of routines without a character set of their own take that of their database.
 */
export async function withTarget(
  place: Place,
  { exists, signal }: { readonly exists: boolean; readonly signal: AbortSignal },
  body: () => Promise<void>,
): Promise<void> {
  if (exists) return body();
  const onServer = (sql: string, until: AbortSignal): Promise<unknown> =>
    withSession(place, until, (session) => session.query(sql), 'server');
  await onServer(`CREATE DATABASE ${quoted(place.name)} CHARACTER SET utf8mb4`, signal);
  try {
    await body();
  } catch (error) {
    await onServer(`DROP DATABASE IF EXISTS ${quoted(place.name)}`, new AbortController().signal).catch(() => undefined);
    throw error;
  }
}

const dropWords: readonly (readonly [string, string])[] = [
  ['event', 'EVENT'],
  ['view', 'VIEW'],
  ['table', 'TABLE'],
  ['sequence', 'SEQUENCE'],
  ['procedure', 'PROCEDURE'],
  ['function', 'FUNCTION'],
  ['package body', 'PACKAGE BODY'],
  ['package', 'PACKAGE'],
];

/** Drops everything in the database that the dump does not have. Triggers go with their tables. */
export async function dropOthers(session: Session, scan: DumpScan): Promise<void> {
  const { tables, objects } = await readFacts(session);
  const live = new Map<string, Iterable<string>>([...objects, ['table', tables.map(({ name }) => name)]]);
  await session.query('SET SESSION foreign_key_checks = 0');
  for (const [kind, word] of dropWords) {
    const kept: { has(name: string): boolean } = kind === 'table' ? scan.tables : (scan.objects.get(kind) ?? new Set());
    for (const name of live.get(kind) ?? []) if (!kept.has(name)) await session.query(`DROP ${word} IF EXISTS ${quoted(name)}`);
  }
}

/** Errors: `restore.incomplete` when the database lacks something that the dump has. */
export async function compareWithScan(session: Session, scan: DumpScan): Promise<void> {
  const { tables, objects } = await readFacts(session);
  const names = new Set(tables.map(({ name }) => name));
  const missing = [
    ...[...scan.tables.keys()].filter((name) => !names.has(name)),
    ...[...scan.objects].flatMap(([kind, dumped]) => [...dumped].filter((name) => objects.get(kind)?.has(name) !== true)),
  ];
  if (missing.length > 0)
    throw new BackupError('restore.incomplete', `The restored database lacks what the dump has: ${listText(missing)}.`, {
      hint: 'Undo the restore with the safety dump, and show the log.',
    });
}

/**
 * Waits until the server has ended the session of a tool that was stopped: it might carry out the statement that it has just been given.
 *
 * Shape: the tool's session holds the lock `token`.
 */
export async function endSession(place: Place, token: string): Promise<void> {
  const signal = AbortSignal.timeout(endWithinMs);
  await withSession(
    place,
    signal,
    async (session) => {
      for (;;) {
        const [row] = await session.query('SELECT IS_USED_LOCK(?) AS id', [token]);
        const id = row?.['id'];
        if (id === null || id === undefined || signal.aborted) return;
        await session.query('KILL ?', [Number(id)]).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    'server',
  ).catch(() => undefined);
}

/** Units: ms. */
const endWithinMs = 30_000;
