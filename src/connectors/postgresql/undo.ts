import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../../core/run.ts';
import type { StagesIo } from '../../system/process.ts';
import { readArchive, type ArchiveEntry } from './archive.ts';
import { lockWaitMs } from './arguments.ts';
import { nameKey } from './dumped.ts';
import { writePrivateCopy } from './plainCopy.ts';
import { plainParts } from './plainDump.ts';
import { listFile, type Restore } from './restoring.ts';

/** Runs one of the tools with words of its own. `operands` come behind those of the settings. */
export type Call = (
  tool: 'pg_dump' | 'pg_restore',
  words: { readonly args: readonly string[]; readonly operands: readonly string[] },
  io: Pick<StagesIo, 'stdin' | 'stdout'>,
) => Promise<void>;

/** Large objects are in no list of an archive without data. */
const dropLargeObjects = 'SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata;\n';

/**
 * Writes SQL that leads back to the very state of a safety dump, for one run of psql: first everything that the target holds now is dropped, as
 * pg_restore drops what it replaces, then comes the dump. So what the undone restore has made goes in the same transaction.
 *
 * Shape: gives the path of the script. Errors: those of the tools; `restore.refused` as `listFile`.
 */
export async function writeUndo(restore: Extract<Restore, { kind: 'pg-custom' }>, call: Call, run: Run): Promise<string> {
  const name = randomBytes(4).toString('hex');
  const path = (what: string): string => join(restore.scratch, `${what}-${name}`);
  const [target, drops, rows, script] = [path('target'), path('drops'), path('rows'), path('undo')];
  const list = { args: ['--no-password', '--format=custom', '--schema-only', `--lock-wait-timeout=${lockWaitMs}`], operands: [] };
  await call('pg_dump', list, { stdin: { kind: 'none' }, stdout: { kind: 'file', path: target } });
  const { entries } = await readArchive(createReadStream(target), () => run.signal.throwIfAborted());
  const { plan, dumped, settings } = restore;
  const keptExtensions = new Set([...plan.keptExtensions, ...plan.foreignExtensions]);
  await writeSql({ ...restore, entries, path: target, plan: { ...plan, keptExtensions } }, drops, call);
  await writeSql(restore, rows, call);
  await writeFile(script, (await dropsOf(drops)) + dropLargeObjects, { mode: 0o600, flag: 'wx' });
  await writePrivateCopy(rows, script, {
    keptExtensions: plan.keptExtensions,
    withoutOwners: plan.withoutOwners,
    isOneTransaction: settings.singleTransaction,
    isOwnTable: ({ schema, tag }) => dumped.tables.has(nameKey(schema, tag)),
  });
  await Promise.all([target, drops, rows].map((file) => rm(file, { force: true })));
  return script;
}

/** The SQL of an archive, its drops first, as pg_restore would run it. */
async function writeSql(
  restore: Omit<Extract<Restore, { kind: 'pg-custom' }>, 'entries'> & { readonly entries: readonly ArchiveEntry[] },
  to: string,
  call: Call,
): Promise<void> {
  const { path, inContainer, plan } = restore;
  const list = await listFile(restore);
  const args = [
    '--clean',
    '--if-exists',
    ...(list === undefined ? [] : ['-L', list]),
    ...(plan.withoutOwners ? ['--no-owner', '--no-acl'] : []),
    '-f',
    '-',
  ];
  const operands = inContainer ? [] : [path];
  await call(
    'pg_restore',
    { args, operands },
    { stdin: inContainer ? { kind: 'file', path } : { kind: 'none' }, stdout: { kind: 'file', path: to } },
  );
}

/** What stands before the first object: settings and drops. */
async function dropsOf(path: string): Promise<string> {
  let text = '';
  for await (const part of plainParts(createReadStream(path))) {
    if (part.section !== undefined) break;
    if (part.kind === 'sql' && !(part.isFree && part.text.startsWith('\\'))) text += part.text;
  }
  return Buffer.from(text, 'latin1').toString('utf8');
}
