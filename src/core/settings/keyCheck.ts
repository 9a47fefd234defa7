import type { ConnectorFacts, Family } from '../engines.ts';
import { families, findEngine } from '../engines.ts';
import { nameText } from '../words.ts';
import type { Entry, Mistake } from './entry.ts';
import { isObject, problemAt } from './entry.ts';
import { mysqlModes, postgresqlModes } from './encryptionModes.ts';
import type { KeyFacts, Keys } from './keyFacts.ts';
import { joinKeys } from './keyFacts.ts';
import { allKeysOf, connectorKeys, djangoKeys, familyKeys } from './keys.ts';
import { nearestName } from './nearest.ts';
import type { Problem } from './problem.ts';
import { shellMistake } from './shellSyntax.ts';
import { isPort } from './target.ts';
import { expectation, typeMistakes } from './valueTypes.ts';

const engineKey: Keys = new Map<string, KeyFacts>([
  [
    'ENGINE',
    { type: 'text', markdown: 'The kind of database: a short name such as `sqlite3`, or the dotted name that Django uses.' },
  ],
]);

let everyKey: Keys | undefined;

/** Every key of every connector. */
export function knownKeys(): Keys {
  everyKey ??= joinKeys([engineKey, djangoKeys, ...families.map(allKeysOf)]);
  return everyKey;
}

/** How an entry's keys are looked at: for a connector, for any key at all (a module's), or for what is known when the connector is not. */
export type Reader =
  { readonly kind: 'connector'; readonly facts: ConnectorFacts } | { readonly kind: 'module' } | { readonly kind: 'unknown' };

/**
 * Checks every key of an entry by itself: its name, its type, its words.
 *
 * Shape: keys that already have a problem are left alone; keys with an error are marked as broken. `engine` is the entry's own ENGINE,
 * by which the editor's schema judges it.
 */
export function checkKeys(entry: Entry, reader: Reader, engine: unknown): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [key, value] of entry.keys) {
    if (entry.broken.has(key)) continue;
    const facts = knownKeys().get(key);
    if (facts === undefined) {
      if (reader.kind !== 'module') problems.push(problemAt(entry, key, unknownKey(key, reader)));
      continue;
    }
    const mistakes = [...wrongTypes(key, facts, value, isDescribed(entry, key, engine))];
    if (mistakes.length === 0) mistakes.push(...wrongWords(key, value));
    if (mistakes.length === 0 && key === 'OPTIONS') mistakes.push(...wrongMode(value, reader));
    if (mistakes.length === 0) mistakes.push(...unused(key, value, reader));
    problems.push(...mistakes.map((mistake) => problemAt(entry, key, mistake)));
  }
  return problems;
}

/** True for a key that a database of this connector carries to its jobs. */
export function isReadBy(reader: Reader, key: string): boolean {
  if (reader.kind !== 'connector') return true;
  return engineKey.has(key) || key === 'OPTIONS' || connectionKeys.has(key) || connectorKeys(reader.facts).has(key);
}

const connectionKeys: ReadonlySet<string> = new Set(['NAME', 'USER', 'PASSWORD', 'HOST', 'PORT', 'CONNECTOR', 'EXTENSION']);

/** The schema in package.json knows the keys of `databases` by their ENGINE, and nothing of `connectors`. */
function isDescribed(entry: Entry, key: string, engine: unknown): boolean {
  if (entry.setting !== 'databases') return false;
  if (engineKey.has(key) || djangoKeys.has(key)) return true;
  return typeof engine === 'string' && allKeysOf(findEngine(engine)?.family ?? 'other').has(key);
}

function wrongTypes(key: string, { type }: KeyFacts, value: unknown, isInSchema: boolean): readonly Mistake[] {
  return typeMistakes(type, value).map(({ path }) => ({
    code: 'settings.wrongType',
    message: `${key} must be ${expectation(type)}.`,
    hint: 'Change the value, or remove the key.',
    within: path,
    isInSchema,
  }));
}

const stageKeys: ReadonlySet<string> = new Set(['DUMP_SUFFIX', 'RESTORE_SUFFIX']);
const wordKeys: ReadonlySet<string> = new Set([
  ...['DUMP_PREFIX', 'RESTORE_PREFIX', 'DUMP_CMD', 'RESTORE_CMD', 'PSQL_CMD', 'PG_OPTIONS'],
  ...stageKeys,
]);

function wrongWords(key: string, value: unknown): readonly Mistake[] {
  if (typeof value !== 'string') return [];
  if (key === 'PORT' && value !== '' && !isPort(value)) return [wrongPort];
  if (!wordKeys.has(key)) return [];
  const found = shellMistake(value, { stages: stageKeys.has(key) });
  return found === undefined ? [] : [{ code: 'settings.shellSyntax', message: `${key} ${found.sentence}.`, hint: found.hint }];
}

/** Words of OPTIONS that say how to encrypt, with what they may be: the database's own driver would stop at anything else. */
const modes: Readonly<Partial<Record<Family, { readonly word: string; readonly values: readonly string[] }>>> = {
  postgresql: { word: 'sslmode', values: postgresqlModes },
  mysql: { word: 'ssl_mode', values: mysqlModes },
};

function wrongMode(options: unknown, reader: Reader): readonly Mistake[] {
  const mode = reader.kind === 'connector' ? modes[reader.facts.family ?? 'other'] : undefined;
  const value = mode !== undefined && isObject(options) ? options[mode.word] : undefined;
  if (mode === undefined || typeof value !== 'string' || mode.values.includes(value)) return [];
  const message = `OPTIONS has a value of ${mode.word} that there is not.`;
  return [{ code: 'settings.wrongValue', message, hint: `Write one of ${mode.values.join(', ')}.`, within: [mode.word] }];
}

const wrongPort: Mistake = {
  code: 'settings.wrongValue',
  message: 'PORT must be a number from 1 to 65535.',
  hint: 'Leave it out for the usual port.',
};

function unused(key: string, value: unknown, reader: Reader): readonly Mistake[] {
  if (djangoKeys.has(key) || isReadBy(reader, key) || isEmpty(value) || reader.kind !== 'connector') return [];
  const { name, family } = reader.facts;
  const hint =
    key === 'EXCLUDE' && family === 'sqlite'
      ? 'Use SqliteConnector, which leaves tables out.'
      : 'Remove it, or choose another connector.';
  return [{ code: 'settings.unusedKey', severity: 'warning', at: 'key', message: `${key} has no effect with ${name}.`, hint }];
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function unknownKey(key: string, reader: Reader): Mistake {
  const meant = nearestName(key, likelyKeys(reader)) ?? nearestName(key, knownKeys().keys());
  const shown = nameText(key);
  if (meant === undefined) {
    return {
      code: 'settings.unknownKey',
      severity: 'warning',
      at: 'key',
      message: `${shown} is no key that we know.`,
      hint: 'Remove it.',
    };
  }
  return {
    code: 'settings.unknownKey',
    at: 'key',
    message: `There is no key ${shown}.`,
    hint: `Did you mean ${meant}?`,
    fix: { kind: 'replaceKey', title: `Change to ${meant}`, key: meant },
  };
}

function likelyKeys(reader: Reader): Iterable<string> {
  return reader.kind === 'connector' ? keysFor(reader.facts).keys() : [];
}

/** Every key to offer for a connector, with its description. */
export function keysFor(facts: ConnectorFacts): Keys {
  return joinKeys([engineKey, familyKeys(facts.family ?? 'other', facts), connectorKeys(facts)]);
}
