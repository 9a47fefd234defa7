import type { DumpFormat, OpenDump } from '../core/connector.ts';
import { BackupError } from '../core/errors.ts';
import type { OpenedDump } from '../dumps/open.ts';
import type { JobContext } from './context.ts';

/** The format that a dump's first bytes show. Errors: `dumps.unknownFormat`. */
export async function knownFormat({ head, name }: OpenedDump, context: JobContext): Promise<DumpFormat> {
  const format = await context.formatOf(head);
  if (format !== undefined) return format;
  throw new BackupError('dumps.unknownFormat', `${name} is not a dump of a kind that is known here.`, {
    hint: 'Choose another file, or make a new dump.',
  });
}

/** An opened dump as a connector sees it. */
export function openedAs({ plain, manifest, origin }: OpenedDump, { id }: DumpFormat): OpenDump {
  return { ...plain, format: id, manifest, origin };
}
