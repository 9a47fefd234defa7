import type { Database } from '../database.ts';
import type { Family } from '../engines.ts';
import { badCombinations } from './combinations.ts';
import type { ConnectorAnswer } from './connectorChoice.ts';
import { chooseConnector, unknownConnector } from './connectorChoice.ts';
import type { Entry, Mistake } from './entry.ts';
import { problemAt } from './entry.ts';
import type { Reader } from './keyCheck.ts';
import { checkKeys, isReadBy } from './keyCheck.ts';
import type { Problem } from './problem.ts';
import type { MergedKey } from './sharing.ts';
import { mergeEntries } from './sharing.ts';
import type { ConnectionKeys } from './target.ts';
import { findTarget } from './target.ts';

/** What an alias is resolved with beside its own entries. `mappingProblem` finds what is wrong with a mapping's connector. */
export interface ResolveOptions {
  readonly folder: string;
  readonly hasManagePy: boolean;
  readonly mapping: ReadonlyMap<string, string>;
  readonly tools: Readonly<Record<string, string>>;
  readonly mappingProblem: (connector: string) => Problem | undefined;
}

/** An alias resolved: a database without errors, or the family as far as it is known with the problem that comes first. */
export type Resolved =
  | { readonly kind: 'database'; readonly database: Database; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'broken';
      readonly engine: Family | undefined;
      readonly problem: Problem;
      readonly problems: readonly Problem[];
    };

/** Resolves one alias from its entry in `databases` and the one in `connectors`. */
export function resolveDatabase(own: Entry, override: Entry | undefined, options: ResolveOptions): Resolved {
  const { keys, withheld } = mergeEntries(own, override);
  const entries = override === undefined ? [own] : [own, override];
  const problems = entries.flatMap((entry) => entry.problems);
  const broken = (engine: Family | undefined, problem: Problem): Resolved => ({ kind: 'broken', engine, problem, problems });
  const shapeless = own.hasShape ? undefined : problems[0];
  if (shapeless !== undefined) return broken(undefined, shapeless);

  /** Adds a mistake, unless one of the keys already has a problem or a mistyped key was meant to be one of them. */
  const report = (key: string | undefined, mistake: Mistake, names: readonly string[]): Problem => {
    const earlier = problems.find((problem) => isError(problem) && isAbout(problem, names));
    if (earlier !== undefined) return earlier;
    const problem = problemAt(keys.get(key ?? '')?.entry ?? own, key, mistake);
    problems.push(problem);
    return problem;
  };

  problems.push(...withheld.map(({ key, entry, mistake }) => problemAt(entry, key, mistake)));
  const answer = chooseConnector({ engine: textOf(keys, 'ENGINE'), connector: textOf(keys, 'CONNECTOR'), ...options });
  const reader = readerOf(answer);
  for (const entry of entries) problems.push(...checkKeys(entry, reader, entry.keys.get('ENGINE')));
  if (answer.kind === 'unmapped') {
    return broken(
      undefined,
      options.mappingProblem(answer.connector) ?? report(undefined, unknownConnector(answer.connector), []),
    );
  }
  if (answer.kind === 'mistake') {
    return broken(
      undefined,
      report(answer.key, answer.mistake, answer.key === undefined ? ['ENGINE', 'CONNECTOR'] : [answer.key]),
    );
  }

  const { connector, family } = answer;
  const sound = [...keys].filter(([key, { entry }]) => !entry.broken.has(key));
  for (const { key, mistake } of badCombinations(new Map(sound.map(([key, { value }]) => [key, value])))) {
    report(key, mistake, [key]);
  }
  const found = findTarget(family, connectionOf(keys), { folder: options.folder, alias: own.alias });
  if (found.kind === 'mistake') return broken(family, report(found.key, found.mistake, [found.key ?? 'NAME']));
  const error = problems.find(isError);
  if (error !== undefined) return broken(family, error);

  const read = [...keys].filter(([key]) => isReadBy(reader, key));
  const database: Database = {
    alias: own.alias,
    engine: family,
    connector: connector.kind === 'module' ? connector.specifier : connector.facts.name,
    keys: Object.fromEntries(read.map(([key, { value }]) => [key, value])),
    keyScopes: Object.fromEntries(read.map(([key, { entry }]) => [key, entry.scope])),
    folder: options.folder,
    scope: own.scope,
    target: found.target,
    tools: { ...options.tools },
  };
  return { kind: 'database', database, problems };
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

function isAbout({ path, fix }: Problem, names: readonly string[]): boolean {
  return names.includes(String(path[2])) || (fix?.kind === 'replaceKey' && names.includes(fix.key));
}

function readerOf(answer: ConnectorAnswer): Reader {
  if (answer.kind !== 'chosen') return { kind: 'unknown' };
  return answer.connector.kind === 'module' ? { kind: 'module' } : { kind: 'connector', facts: answer.connector.facts };
}

function textOf(keys: ReadonlyMap<string, MergedKey>, key: string): string | undefined {
  const part = keys.get(key);
  return part === undefined || part.entry.broken.has(key) || typeof part.value !== 'string' ? undefined : part.value;
}

function connectionOf(keys: ReadonlyMap<string, MergedKey>): ConnectionKeys {
  const port = keys.get('PORT')?.value;
  return {
    engine: textOf(keys, 'ENGINE'),
    name: textOf(keys, 'NAME'),
    host: textOf(keys, 'HOST'),
    port: typeof port === 'string' || typeof port === 'number' ? port : undefined,
  };
}
