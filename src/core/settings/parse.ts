import type { Database } from '../database.ts';
import { nameText } from '../words.ts';
import type { Entry } from './entry.ts';
import { collectEntries, problemAt } from './entry.ts';
import { nearestName } from './nearest.ts';
import type { Problem } from './problem.ts';
import { resolveDatabase } from './resolve.ts';
import type { BrokenDatabase, ParsedSettings, SettingsInput } from './settings.ts';
import { parseValues } from './values.ts';

/**
 * Resolves the settings of one workspace folder. Never throws: each mistake is one problem, and what is right keeps working beside it.
 *
 * Shape: an alias is taken whole from the narrowest layer that defines it; `connectors` then replaces the keys it names.
 * Several folders: `parseFolders`.
 */
export function parseSettings(input: SettingsInput): ParsedSettings {
  const { folder, layers, hasManagePy } = input;
  const { dumps, mapping, tools, problems: wrongValues } = parseValues(input);
  const own = collectEntries(layers, 'databases', input);
  const overrides = collectEntries(layers, 'connectors', input);
  const mappingProblem = (connector: string): Problem | undefined =>
    wrongValues.find(
      ({ path: [setting, engine] }) => setting === 'dbbackup.connectorMapping' && mapping.get(String(engine)) === connector,
    );

  const problems: Problem[] = [...wrongValues, ...own.problems, ...overrides.problems];
  const databases: Database[] = [];
  const broken: BrokenDatabase[] = [];
  for (const [alias, entry] of own.entries) {
    const resolved = resolveDatabase(entry, overrides.entries.get(alias), {
      folder,
      hasManagePy,
      mapping,
      tools,
      mappingProblem,
    });
    problems.push(...resolved.problems);
    if (resolved.kind === 'database') databases.push(resolved.database);
    else broken.push({ alias, engine: resolved.engine, scope: entry.scope, problem: resolved.problem });
  }
  problems.push(...unknownAliases([...overrides.entries.values()], [...own.entries.keys()]));
  return { folder, aliases: [...own.entries.keys()], databases, broken, dumps, tools, problems };
}

/** Overrides without a database. Those of user settings may belong to another workspace. */
function unknownAliases(overrides: readonly Entry[], aliases: readonly string[]): readonly Problem[] {
  return overrides
    .filter(({ scope, alias }) => scope !== 'user' && !aliases.includes(alias))
    .map((entry) => {
      const meant = nearestName(entry.alias, aliases);
      return problemAt(entry, undefined, {
        code: 'settings.unknownAlias',
        severity: 'warning',
        message: `dbbackup.databases has no ${nameText(entry.alias)}.`,
        hint: meant === undefined ? 'Define the database there, or remove these keys.' : `Did you mean ${nameText(meant)}?`,
        ...(meant === undefined ? {} : { fix: { kind: 'replaceKey', title: `Change to ${nameText(meant)}`, key: meant } }),
      });
    });
}

/**
 * The settings of all folders of a workspace.
 *
 * Shape: an alias of the workspace file or of user settings appears under the first folder that does not define it itself, and under
 * that one only; a problem that several folders share appears once.
 */
export function parseFolders(inputs: readonly SettingsInput[]): readonly ParsedSettings[] {
  const parsed = inputs.map(parseSettings);
  const everyAlias = new Set(parsed.flatMap(({ aliases }) => aliases));
  const shownAliases = new Set<string>();
  const shownProblems = new Set<string>();
  return parsed.map((settings) => {
    const repeated = new Set(sharedAliases(settings).filter((alias) => shownAliases.has(alias)));
    for (const alias of sharedAliases(settings)) shownAliases.add(alias);
    const isShown = ({ alias }: { readonly alias: string }): boolean => !repeated.has(alias);
    const problems = settings.problems.filter(({ path, scope, code }) => {
      const [setting, alias] = path;
      if (code === 'settings.unknownAlias' && scope !== 'folder' && everyAlias.has(String(alias))) return false;
      if (setting === 'dbbackup.databases' && scope !== 'folder' && repeated.has(String(alias))) return false;
      const identity = JSON.stringify(scope === 'folder' ? [settings.folder, path, code] : [scope, path, code]);
      const isNew = !shownProblems.has(identity);
      shownProblems.add(identity);
      return isNew;
    });
    return {
      ...settings,
      aliases: settings.aliases.filter((alias) => !repeated.has(alias)),
      databases: settings.databases.filter(isShown),
      broken: settings.broken.filter(isShown),
      problems,
    };
  });
}

function sharedAliases({ databases, broken }: ParsedSettings): readonly string[] {
  return [...databases, ...broken].filter(({ scope }) => scope !== 'folder').map(({ alias }) => alias);
}
