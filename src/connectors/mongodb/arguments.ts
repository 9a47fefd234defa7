import type { Connection, MongoSettings } from './settings.ts';
import type { RestorePlan } from './restoring.ts';

/** The words of mongodump. `config` is the file with the password. */
export function dumpArgs(
  { words }: Connection,
  { settings, exclude, config }: { settings: MongoSettings; exclude: readonly string[]; config: string | undefined },
): string[] {
  return [
    ...configWords(config),
    ...words,
    `--db=${settings.name}`,
    ...exclude.map((name) => `--excludeCollection=${name}`),
    '--archive',
  ];
}

/** The words of mongorestore, which reads the archive from its standard input. */
export function restoreArgs(
  { words }: Connection,
  {
    settings,
    plan,
    config,
  }: { settings: MongoSettings; plan: Pick<RestorePlan, 'source' | 'drop' | 'hasValidators'>; config: string | undefined },
): string[] {
  const { source, drop, hasValidators } = plan;
  const isOther = source !== settings.name;
  return [
    ...configWords(config),
    ...words,
    '--archive',
    ...(settings.objectCheck ? ['--objcheck'] : []),
    ...(drop ? ['--drop'] : []),
    '--stopOnError',
    // Documents older than their collection's validator are right as they are.
    ...(hasValidators ? ['--bypassDocumentValidation'] : []),
    `--nsInclude=${literal(source)}.*`,
    ...(isOther ? [`--nsFrom=${literal(source)}.*`, `--nsTo=${literal(settings.name)}.*`] : []),
  ];
}

function configWords(config: string | undefined): string[] {
  return config === undefined ? [] : [`--config=${config}`];
}

/** A name in a pattern of namespaces. Source: mongorestore(1), "Restore with Pattern"; common/util and mongorestore/ns of the tools. */
function literal(name: string): string {
  return name.replaceAll(/[\\*]/g, '\\$&');
}
