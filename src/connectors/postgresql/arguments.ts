import type { PgSettings } from './settings.ts';

/** Ids of the two formats. */
export type DumpKind = 'pg-custom' | 'pg-plain';

/** How long pg_dump may wait for a lock. Units: ms. */
export const lockWaitMs = 60_000;

/** The words of pg_dump; SUFFIX comes behind. Where we compress, the archive itself is not. */
export function dumpArgs(
  kind: DumpKind,
  {
    settings,
    selection,
    isCompressed,
  }: { readonly settings: PgSettings; readonly selection: readonly string[]; readonly isCompressed: boolean },
): string[] {
  const clean = cleanWords(settings);
  const own =
    kind === 'pg-custom'
      ? ['--format=custom', `--lock-wait-timeout=${lockWaitMs}`, '--verbose']
      : [`--lock-wait-timeout=${lockWaitMs}`, ...clean];
  return ['--no-password', ...own, ...(kind === 'pg-custom' && isCompressed ? ['--compress=0'] : []), ...selection];
}

/** IF_EXISTS is for drops only: the tools refuse it alone. */
export function cleanWords({ drop, ifExists }: PgSettings): string[] {
  if (!drop) return [];
  return ifExists ? ['--clean', '--if-exists'] : ['--clean'];
}
