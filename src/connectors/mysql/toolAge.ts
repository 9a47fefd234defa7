import { BackupError } from '../../core/errors.ts';
import type { ServerFacts } from '../../system/tools.ts';
import type { ResolvedTool } from '../command.ts';

/** The oldest tools that know what a server may hold: MariaDB's numbers went from 5 to 10, MySQL's from 5 to 8. */
const oldestFor: Readonly<Record<'mysql' | 'mariadb', { readonly server: number; readonly tool: number }>> = {
  mysql: { server: 8, tool: 8 },
  mariadb: { server: 10, tool: 10 },
};

/** Errors: `tool.tooOld`. A tool in a container is the one that belongs to the server there. */
export function refuseOldTool({ facts, inContainer }: ResolvedTool, server: ServerFacts | undefined): void {
  if (inContainer || server?.flavour === undefined) return;
  const oldest = oldestFor[server.flavour];
  if (server.major < oldest.server || Number.parseInt(facts.version, 10) >= oldest.tool) return;
  const { name, version, path } = facts;
  throw new BackupError('tool.tooOld', `${name} ${version} (${path}) is too old for the server, which is ${server.major}.`, {
    hint: `Install the client programs of version ${oldest.tool} or later, or set their paths in dbbackup.tools.`,
  });
}
