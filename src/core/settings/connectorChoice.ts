import type { ConnectorFacts, Family } from '../engines.ts';
import {
  connectors,
  engineNames,
  families,
  findConnector,
  findEngine,
  isModuleConnector,
  mappedConnector,
  otherEngines,
} from '../engines.ts';
import { nameText } from '../words.ts';
import type { Mistake } from './entry.ts';
import { nearestName } from './nearest.ts';

/** A connector as the settings name it: one of ours, or a module of the workspace. */
export type ChosenConnector =
  { readonly kind: 'known'; readonly facts: ConnectorFacts } | { readonly kind: 'module'; readonly specifier: string };

/** What decides on the connector. A value is undefined where its key is not set. */
export interface ConnectorQuestion {
  readonly engine: string | undefined;
  readonly connector: string | undefined;
  readonly mapping: ReadonlyMap<string, string>;
  readonly hasManagePy: boolean;
}

/**
 * The answer: connector and family, or what is wrong.
 *
 * Shape: `key` of a mistake is undefined where no key is wrong but one is missing; `unmapped` means that `dbbackup.connectorMapping`,
 * which has its own problem, names a connector that does not exist.
 */
export type ConnectorAnswer =
  | { readonly kind: 'chosen'; readonly connector: ChosenConnector; readonly family: Family }
  | { readonly kind: 'mistake'; readonly key: 'ENGINE' | 'CONNECTOR' | undefined; readonly mistake: Mistake }
  | { readonly kind: 'unmapped'; readonly connector: string };

/** Chooses by CONNECTOR, then by the mapping, then by the table of engines. A dump is never asked. */
export function chooseConnector({ engine, connector, mapping, hasManagePy }: ConnectorQuestion): ConnectorAnswer {
  const known = engine === undefined ? undefined : findEngine(engine);
  if (engine !== undefined && known === undefined && !isOtherEngine(engine)) {
    const meant = nearestName(engine, families.flatMap(engineNames));
    if (meant !== undefined) return { kind: 'mistake', key: 'ENGINE', mistake: unknownEngine(engine, meant) };
  }
  const mapped = engine === undefined ? undefined : mappedConnector(mapping, engine);
  const name = connector ?? mapped ?? (engine === undefined ? undefined : (known?.connector ?? fallback(hasManagePy)));
  if (name === undefined) return { kind: 'mistake', key: undefined, mistake: missingEngine };
  if (isModuleConnector(name)) {
    return { kind: 'chosen', connector: { kind: 'module', specifier: name }, family: known?.family ?? 'other' };
  }
  const facts = findConnector(name);
  if (facts === undefined) {
    if (connector === undefined) return { kind: 'unmapped', connector: name };
    return { kind: 'mistake', key: 'CONNECTOR', mistake: unknownConnector(name) };
  }
  if (facts.family === undefined && engine === undefined) return { kind: 'mistake', key: undefined, mistake: missingEngine };
  if (facts.family !== undefined && known !== undefined && facts.family !== known.family) {
    return { kind: 'mistake', key: 'CONNECTOR', mistake: wrongConnector(facts, known.connector, nameText(engine ?? '')) };
  }
  return { kind: 'chosen', connector: { kind: 'known', facts }, family: facts.family ?? known?.family ?? 'other' };
}

/** The mistake of a connector's name that nobody knows. */
export function unknownConnector(name: string): Mistake {
  const meant = nearestName(
    name.split('.').at(-1) ?? name,
    connectors.map((connector) => connector.name),
  );
  return {
    code: 'settings.unknownConnector',
    message: `There is no connector ${nameText(name)}.`,
    hint:
      meant === undefined ? 'Name one of ours, or a module such as ./tools/redis.mjs#RedisConnector.' : `Did you mean ${meant}?`,
    ...(meant === undefined ? {} : { fix: { kind: 'replaceValue', title: `Change to ${meant}`, value: meant } }),
  };
}

function isOtherEngine(engine: string): boolean {
  return otherEngines.some((other) => other === engine);
}

function fallback(hasManagePy: boolean): string {
  return hasManagePy ? 'DjangoConnector' : 'JsonConnector';
}

const missingEngine: Mistake = {
  code: 'settings.missingKey',
  message: 'The database has no ENGINE.',
  hint: 'Add ENGINE, such as sqlite3, postgresql, mysql or mongodb.',
};

function unknownEngine(engine: string, meant: string): Mistake {
  return {
    code: 'settings.unknownEngine',
    message: `There is no engine ${nameText(engine)}.`,
    hint: `Did you mean ${meant}?`,
    fix: { kind: 'replaceValue', title: `Change to ${meant}`, value: meant },
  };
}

function wrongConnector(connector: ConnectorFacts, right: string, engine: string): Mistake {
  return {
    code: 'settings.wrongConnector',
    message: `${connector.name} can’t work with ENGINE ${engine}.`,
    hint: `Leave CONNECTOR out, or use ${right}.`,
    fix: { kind: 'replaceValue', title: `Change to ${right}`, value: right },
  };
}
