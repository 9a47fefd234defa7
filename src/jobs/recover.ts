import type { ResultOf } from '../core/job.ts';

/** Rolls interrupted restores back. Every engine so far restores atomically, so that a killed restore has nothing to roll back. */
export function recover(): ResultOf<'recover'> {
  return { kind: 'recover', rolledBack: [] };
}
