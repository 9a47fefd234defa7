import { BackupError } from '../../core/errors.ts';
import type { ResolvedTool } from '../command.ts';

/** By major version, the first psql that knows `\restrict`; all later majors do. Source: the releases of August 2025. */
const firstWithRestrict: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** The oldest pg_restore that reads an archive, by the archive's version (1014 for 1.14). Source: pg_backup_archiver.h. */
export function majorForArchive(version: number): number {
  if (version >= 1016) return 17;
  return version >= 1015 ? 16 : 12;
}

/**
 * Refuses a tool that would fail on the dump, before a safety dump is made for nothing. In a container its version is not known.
 *
 * Errors: `tool.tooOld`.
 */
export function refuseOldTool(
  { facts: { name, version, path }, inContainer }: ResolvedTool,
  archiveVersion: number | undefined,
): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (inContainer || version === '') return;
  if (archiveVersion !== undefined && major < majorForArchive(archiveVersion))
    throw tooOld(`${name} ${version} (${path}) cannot read this dump.`, name, `${majorForArchive(archiveVersion)}`);
  if (name !== 'psql' || major > 17 || minor >= (firstWithRestrict[major] ?? Infinity)) return;
  throw tooOld(`psql ${version} (${path}) cannot restrict what a dump may do.`, name, 'a release of August 2025');
}

function tooOld(sentence: string, name: string, needed: string): BackupError {
  return new BackupError('tool.tooOld', sentence, {
    hint: `Install ${name} of ${needed} or later, or set its path in dbbackup.tools.`,
  });
}
