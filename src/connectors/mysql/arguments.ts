import type { DatabaseFacts } from './catalog.ts';

/** Which kinds the tool is to leave out, and whether it adds the rows that system-versioned tables had before. */
export interface DumpWords {
  readonly withoutRoutines: boolean;
  readonly withoutEvents: boolean;
  readonly withHistory: boolean;
}

/** The words of the dump tool; SUFFIX comes behind, and `-- NAME` at the end. */
export function dumpArgs({ withoutRoutines, withoutEvents, withHistory }: DumpWords): string[] {
  return [
    '--quick',
    '--single-transaction',
    withoutRoutines ? '--skip-routines' : '--routines',
    withoutEvents ? '--skip-events' : '--events',
    '--triggers',
    '--hex-blob',
    '--no-tablespaces',
    '--max-allowed-packet=1G',
    '--default-character-set=utf8mb4',
    ...(withHistory ? ['--dump-history'] : []),
  ];
}

/**
 * The words of the restoring client.
 *
 * Shape: `--binary-mode` keeps the client's own commands out of a dump's text, `--comments` the comments in it. By the lock that `token` names the
 * server tells which session is the tool's.
 */
export function restoreArgs(name: string, token: string): string[] {
  return [
    '--binary-mode',
    '--comments',
    '--local-infile=0',
    '--default-character-set=utf8mb4',
    '--max-allowed-packet=1G',
    `--init-command=SET SESSION lock_wait_timeout=60, @dbbackup=GET_LOCK('${token}', 0)`,
    `--database=${name}`,
  ];
}

/**
 * Options that Oracle's mysqldump alone knows: identifiers of transactions would make a restore need more rights, and statistics cannot be had of
 * older servers. Source: MySQL manual, "mysqldump".
 */
export function flavourArgs({ flavour, version }: { readonly flavour: string | undefined; readonly version: string }): string[] {
  if (flavour !== 'mysql') return [];
  return Number.parseInt(version, 10) >= 8 ? ['--set-gtid-purged=OFF', '--column-statistics=0'] : ['--set-gtid-purged=OFF'];
}

/** Whether rows that system-versioned tables had before can be dumped: both sides can since MariaDB 10.11. */
export function canDumpHistory(
  tool: { readonly flavour: string | undefined; readonly version: string },
  server: DatabaseFacts,
): boolean {
  const isNew = (version: string): boolean => version.localeCompare('10.11', 'en', { numeric: true }) >= 0;
  return tool.flavour === 'mariadb' && server.flavour === 'mariadb' && isNew(tool.version) && isNew(server.serverVersion);
}

/** Releases of MariaDB whose client knows the first line of its newer dumps: any other stops at it. Source: MDEV-21178, MDEV-33727. */
const sandboxSince: readonly string[] = ['10.5.25', '10.6.18', '10.11.8', '11.0.6', '11.1.5', '11.2.4', '11.4.2'];

export function knowsSandbox({ flavour, version }: { readonly flavour: string | undefined; readonly version: string }): boolean {
  if (flavour !== 'mariadb') return false;
  const series = version.split('.').slice(0, 2).join('.');
  const since = sandboxSince.find((release) => release.startsWith(`${series}.`)) ?? sandboxSince.at(-1) ?? '';
  return version.localeCompare(since, 'en', { numeric: true }) >= 0;
}
