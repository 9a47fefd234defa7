import type { ToolUse } from '../command.ts';
import type { DumpKind } from './arguments.ts';

export const dumpUse: ToolUse = { phase: 'dump', names: ['pg_dump'], commandKeys: ['DUMP_CMD'] };

/** By the kind of dump. */
export const restoreUses: Readonly<Record<DumpKind, ToolUse>> = {
  'pg-custom': { phase: 'restore', names: ['pg_restore'], commandKeys: ['RESTORE_CMD'] },
  'pg-plain': { phase: 'restore', names: ['psql'], commandKeys: ['RESTORE_CMD', 'PSQL_CMD'] },
};

/** A safety dump is an archive, whatever the settings dump with; RESTORE_CMD then is for the other kind. */
export const otherUses: Readonly<Record<DumpKind, ToolUse>> = {
  'pg-custom': { phase: 'restore', names: ['pg_restore'], commandKeys: [] },
  'pg-plain': { phase: 'restore', names: ['psql'], commandKeys: ['PSQL_CMD'] },
};

/** What the target holds before an undo. */
export const listUse: ToolUse = { phase: 'restore', names: ['pg_dump'], commandKeys: [] };
