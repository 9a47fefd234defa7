import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenDump } from '../../core/connector.ts';
import type { Run } from '../../core/run.ts';
import { listText } from '../../core/words.ts';
import type { ResolvedTool } from '../command.ts';
import { refusedRestore } from '../dumpProblems.ts';
import { knowsSandbox } from './arguments.ts';
import { rewriteDefiners } from './definers.ts';
import type { DumpScan } from './findings.ts';
import { damagedText } from './problems.ts';
import type { RestorePlan } from './restorePlan.ts';
import { scanFile } from './scanFile.ts';
import type { Place } from './settings.ts';

/** A restore, decided. `removesOthers`: what the dump does not have is dropped first. */
export interface Restore {
  readonly place: Place;
  readonly plan: RestorePlan | undefined;
  readonly exists: boolean;
  readonly dump: OpenDump;
  readonly scan: DumpScan;
  readonly tool: ResolvedTool;
  readonly removesOthers: boolean;
  readonly scratch: string;
}

/**
 * Reads the whole dump once: whatever would stop it half way is known before anything is changed.
 *
 * Errors: `dumps.*`; `restore.refused` for a dump that leads into another database, and for one from elsewhere with statements
 * that no dump tool writes, unless these are accepted.
 */
export async function readDump(
  dump: OpenDump,
  { alias, name, run }: { readonly alias: string; readonly name: string; readonly run: Run },
): Promise<DumpScan> {
  // Rows of a dump that was made here were proven to end where a line ends.
  const scan = await scanFile(dump.path, dump.origin === 'here' ? 'skipped' : 'counted', run);
  if (dump.format !== 'mysql-sql') throw damagedText('The dump', 'it is none of mysqldump or mariadb-dump');
  const others = [...scan.named].filter((named) => named !== name);
  if (others.length > 0)
    throw refusedRestore(
      `The dump is for another database than ${name}: it names ${listText(others)}.`,
      'Restore it into a database of that name, or make a dump of one database without --databases.',
    );
  const unusual = dump.origin === 'foreign' ? [...scan.unusual] : [];
  const detail = `The dump has statements that no dump tool writes: ${listText(unusual)}. They run with the rights of this user.`;
  const title = 'Run statements that do not belong in a dump?';
  if (unusual.length > 0 && !(await run.ask({ kind: 'proceed', alias, title, detail, yes: 'Run Them' })))
    throw refusedRestore(detail, 'Look at the dump, and restore it if you trust it.');
  return scan;
}

/** The file that the client reads: the dump itself, or a copy of it that this user and this client can restore. */
export async function inputFile({ dump, scan, plan, tool, scratch }: Restore, run: Run): Promise<string> {
  const { flavour, facts } = tool;
  const from = scan.isSandboxed && !knowsSandbox({ flavour, version: facts.version }) ? await firstLineBytes(dump.path) : 0;
  const places = plan?.asMe === true ? [...scan.definers.values()].flat() : [];
  if (from === 0 && places.length === 0) return dump.path;
  const copy = join(scratch, `dump-${randomBytes(6).toString('hex')}.sql`);
  await rewriteDefiners({ path: dump.path, from }, copy, places, run.signal);
  return copy;
}

async function firstLineBytes(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), 0, 256, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    return text.startsWith('/*M!999999') ? text.indexOf('\n') + 1 : 0;
  } finally {
    await file.close();
  }
}
