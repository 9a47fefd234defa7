import { targetLabel, type Target } from '../core/database.ts';
import type { DescribedDatabase } from '../core/job.ts';
import type { ParsedSettings } from '../core/settings/settings.ts';

/** One line of `dbbackup databases`: its JSON fields, and the sentence of the same. Values of secret variables are masked before they come here. */
export function databaseLine(
  alias: string,
  settings: ParsedSettings,
  described: readonly DescribedDatabase[],
): { readonly fields: Readonly<Record<string, unknown>>; readonly sentence: string } {
  const database = settings.databases.find((candidate) => candidate.alias === alias);
  const description = described.find((candidate) => candidate.alias === alias);
  const broken = settings.broken.find((candidate) => candidate.alias === alias);
  const settingsProblems = settings.problems
    .filter((problem) => problem.path[1] === alias)
    .map(({ path, severity, code, message, hint }) => ({ path, severity, code, message, hint }));
  const connectorProblems = (description?.problems ?? []).map(({ key, severity, code, message, hint }) => ({
    path: ['dbbackup.databases', alias, key],
    severity,
    code,
    message,
    hint,
  }));
  const problems = [...settingsProblems, ...connectorProblems];
  const fields = {
    alias,
    engine: database?.engine ?? broken?.engine,
    connector: description?.connector ?? database?.connector,
    target: database === undefined ? undefined : targetFields(database.target, database.keys['USER']),
    tools: description?.tools ?? [],
    dump: { stages: (description?.dump ?? []).map(stageFields) },
    restore: { stages: (description?.restore ?? []).map(stageFields) },
    problems,
  };
  const about = database === undefined ? 'cannot be used' : `${database.connector}, ${targetLabel(database.target)}`;
  const tools = (description?.tools ?? []).map((tool) => `  ${toolText(tool)}`);
  const mistakes = problems.map(({ message, hint }) => `  ${message} ${hint}`);
  return { fields, sentence: [`${alias}: ${about}`, ...tools, ...mistakes].join('\n') };
}

function toolText({ name, version, path, why }: DescribedDatabase['tools'][number]): string {
  const words = [name, version, path === name ? '' : path, why === undefined ? '' : `(${why})`];
  return words.filter((word) => word !== '').join(' ');
}

function targetFields(target: Target, user: unknown): Readonly<Record<string, unknown>> {
  if (target.kind === 'file') return { name: target.path };
  return { name: target.database, host: target.host, port: target.port, ...(typeof user === 'string' ? { user } : {}) };
}

function stageFields({ program, args, env }: DescribedDatabase['dump'][number]): Readonly<Record<string, unknown>> {
  return { argv: [program, ...args], env };
}
