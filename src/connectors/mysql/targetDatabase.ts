import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../core/errors.ts';
import { listText } from '../../core/words.ts';
import { readFacts } from './catalog.ts';
import { brokenViews, gapsOf, isRoutine } from './dumpGaps.ts';
import type { DumpScan } from './findings.ts';
import { readRights } from './grants.ts';
import { number, quoted, withSession, type Session } from './session.ts';
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

/**
 * Drops everything in the database that the dump does not have, so far as this account could have dumped it: what it cannot dump, a dump that
 * lacks it does not speak of. The triggers of the dump go too: one of which only a file is left would stop it.
 */
export async function dropOthers(session: Session, name: string, scan: DumpScan): Promise<void> {
  const facts = await readFacts(session);
  const gaps = await gapsOf(session, { facts, rights: await readRights(session, name), name });
  const unknown = new Set(gaps.map(({ kind }) => kind));
  const broken = new Set((await brokenViews(session, facts)).map((view) => view.name));
  const live = new Map<string, Iterable<string>>([...facts.objects, ['table', facts.tables.map((table) => table.name)]]);
  await session.query('SET SESSION foreign_key_checks = 0');
  const triggers = unknown.has('trigger') ? [] : (scan.objects.get('trigger') ?? []);
  for (const trigger of triggers) await session.query(`DROP TRIGGER IF EXISTS ${quoted(trigger)}`);
  for (const [kind, word] of dropWords) {
    if (unknown.has(kind) || (unknown.has('routine') && isRoutine(kind))) continue;
    const kept: { has(name: string): boolean } = kind === 'table' ? scan.tables : (scan.objects.get(kind) ?? new Set());
    for (const object of live.get(kind) ?? []) {
      if (kept.has(object) || (kind === 'view' && broken.has(object))) continue;
      await session.query(`DROP ${word} IF EXISTS ${quoted(object)}`);
    }
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

/** Units: ms. */
const patienceMs = 30_000;
const endWithinMs = 60_000;

/**
 * Waits until the server has ended the session of a tool that was stopped: it carries out the statement that it has just been given.
 *
 * Shape: the tool's session holds the lock `token`. It is killed only where it waits for a table, or after long: MariaDB leaves the file of a trigger
 * behind when the statement that makes or drops it is killed (seen with 10.11).
 */
export async function endSession(place: Place, token: string): Promise<void> {
  const startedMs = performance.now();
  const look = async (session: Session): Promise<void> => {
    for (;;) {
      const [row] = await session.query(
        `SELECT ID AS id, STATE LIKE 'Waiting for%lock%' AS isWaiting FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(?)`,
        [token],
      );
      if (row === undefined) return;
      const isLate = performance.now() - startedMs > patienceMs;
      if (isLate || number(row, 'isWaiting') === 1) await session.query('KILL ?', [number(row, 'id')]).catch(() => undefined);
      await delay(20);
    }
  };
  await withSession(place, AbortSignal.timeout(endWithinMs), look, 'server').catch(() => undefined);
}
