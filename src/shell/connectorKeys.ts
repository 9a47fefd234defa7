import { getLocation, parse, type Node } from 'jsonc-parser';
import { connectors } from '../core/engines.ts';
import { chooseConnector } from '../core/settings/connectorChoice.ts';
import { isObject } from '../core/settings/entry.ts';
import { knownKeys, keysFor } from '../core/settings/keyCheck.ts';
import type { KeyFacts, Keys } from '../core/settings/keyFacts.ts';
import type { TextRange } from './settingsText.ts';

/** What is known of an alias outside the text. */
export interface KnownAlias {
  readonly alias: string;
  readonly engine: string | undefined;
  readonly connector: string | undefined;
}

/** Something to offer in `dbbackup.connectors`. `insert` is a snippet for the whole of `range`. */
export interface Proposal {
  readonly kind: 'alias' | 'key' | 'value';
  readonly label: string;
  readonly detail: string;
  readonly markdown: string;
  readonly insert: string;
  readonly range: TextRange;
}

/**
 * What can stand at a place of `dbbackup.connectors`, which no schema knows: aliases, the keys of an alias's connector, their values.
 *
 * Shape: `prefix` is the path under which settings stand in the text; `known` are the aliases of all settings files.
 * Empty outside of `dbbackup.connectors`.
 */
export function proposalsAt(
  text: string,
  offset: number,
  { prefix, known }: { readonly prefix: readonly string[]; readonly known: readonly KnownAlias[] },
): readonly Proposal[] {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset);
  const [setting, alias, key, ...deeper] = path.slice(prefix.length);
  if (!prefix.every((part, index) => part === path[index]) || setting !== 'dbbackup.connectors' || deeper.length > 0) return [];
  const settings = settingsIn(text, prefix);
  const range = rangeAround(previousNode, offset);
  if (isAtPropertyKey && typeof alias === 'string' && key === undefined) {
    const present = Object.keys(objectIn(settings['dbbackup.connectors']));
    return aliasProposals(settings, known)
      .filter((name) => name === alias || !present.includes(name))
      .map((name) => ({
        kind: 'alias',
        label: name,
        detail: 'dbbackup.databases',
        markdown: 'Keys that replace those of this database.',
        insert: member(text, range, name, '{$0}'),
        range,
      }));
  }
  if (typeof alias !== 'string' || typeof key !== 'string') return [];
  const keys = keysOfAlias(settings, alias, known);
  if (!isAtPropertyKey) return valueProposals(keys.get(key), range);
  const present = Object.keys(objectIn(objectIn(settings['dbbackup.connectors'])[alias]));
  return [...keys]
    .filter(([name]) => name === key || !present.includes(name))
    .map(([name, facts]) => ({
      kind: 'key',
      label: name,
      detail: defaultText(facts),
      markdown: facts.markdown,
      insert: member(text, range, name, firstValue(facts)),
      range,
    }));
}

/** The description of the key at a place of `dbbackup.connectors`, in markdown; undefined where there is none. */
export function descriptionAt(
  text: string,
  offset: number,
  { prefix, known }: { readonly prefix: readonly string[]; readonly known: readonly KnownAlias[] },
): { readonly markdown: string; readonly range: TextRange } | undefined {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset);
  const [setting, alias, key, ...deeper] = path.slice(prefix.length);
  const isKey = isAtPropertyKey && typeof alias === 'string' && typeof key === 'string' && deeper.length === 0;
  if (!isKey || setting !== 'dbbackup.connectors' || previousNode === undefined) return undefined;
  const facts = keysOfAlias(settingsIn(text, prefix), alias, known).get(key) ?? knownKeys().get(key);
  if (facts === undefined) return undefined;
  const end = defaultText(facts);
  return { markdown: end === '' ? facts.markdown : `${facts.markdown}\n\n${end}`, range: previousNode };
}

function aliasProposals(settings: Readonly<Record<string, unknown>>, known: readonly KnownAlias[]): readonly string[] {
  return [...new Set([...Object.keys(objectIn(settings['dbbackup.databases'])), ...known.map(({ alias }) => alias)])];
}

/** The text is asked first: what was just typed may not be saved yet. */
function keysOfAlias(settings: Readonly<Record<string, unknown>>, alias: string, known: readonly KnownAlias[]): Keys {
  const saved = known.find((candidate) => candidate.alias === alias);
  const own = objectIn(objectIn(settings['dbbackup.databases'])[alias]);
  const override = objectIn(objectIn(settings['dbbackup.connectors'])[alias]);
  const engine = textIn(override, 'ENGINE') ?? textIn(own, 'ENGINE') ?? saved?.engine;
  const named = [textIn(override, 'CONNECTOR'), textIn(own, 'CONNECTOR'), saved?.connector].filter((name) => name !== undefined);
  const answer = [...named, undefined]
    .map((connector) => chooseConnector({ engine, connector, mapping: new Map(), hasManagePy: true }))
    .find(({ kind }) => kind === 'chosen');
  return answer?.kind === 'chosen' && answer.connector.kind === 'known' ? keysFor(answer.connector.facts) : knownKeys();
}

function valueProposals(facts: KeyFacts | undefined, range: TextRange): readonly Proposal[] {
  if (facts === undefined) return [];
  const chosen = (facts.choices ?? []).map(({ value, markdown }) => ({ value, markdown }));
  const given = facts.type === 'flag' ? [true, false] : (facts.examples ?? []);
  const values = [...chosen, ...given.map((value) => ({ value, markdown: facts.markdown }))];
  return values.map(({ value, markdown }) => {
    const label = JSON.stringify(value);
    const detail = connectors.some(({ name }) => name === value) ? 'connector' : '';
    return { kind: 'value', label, detail, markdown, insert: escaped(label), range };
  });
}

function defaultText({ default: value }: KeyFacts): string {
  return value === undefined ? '' : `Default: \`${JSON.stringify(value)}\``;
}

/** A snippet for the value of a key: its default to change, or what its type needs. */
function firstValue({ type, default: value, choices, examples }: KeyFacts): string {
  if (choices !== undefined) return '"$1"';
  if (type === 'flag') return `\${1:${value === true ? 'false' : 'true'}}`;
  if (type === 'names') return '["$1"]';
  if (type === 'texts' || type === 'object') return '{$1}';
  const start = typeof value === 'string' || typeof value === 'number' ? value : examples?.[0];
  return typeof start === 'number' ? `\${1:${start}}` : `"\${1:${escaped(typeof start === 'string' ? start : '')}}"`;
}

/** A member's name with the value, where it has none yet, and a comma before a member that follows. */
function member(text: string, { offset, length }: TextRange, name: string, value: string): string {
  const rest = text
    .slice(offset + length)
    .replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')
    .trimStart();
  const label = escaped(JSON.stringify(name));
  if (rest.startsWith(':')) return label;
  return `${label}: ${value}${rest.startsWith('"') ? ',' : ''}`;
}

/** The node that is being typed, or nothing at all. */
function rangeAround(node: Node | undefined, offset: number): TextRange {
  const isInside = node !== undefined && node.offset <= offset && offset <= node.offset + node.length;
  return isInside ? { offset: node.offset, length: node.length } : { offset, length: 0 };
}

function settingsIn(text: string, prefix: readonly string[]): Readonly<Record<string, unknown>> {
  return prefix.reduce((part, name) => objectIn(part[name]), objectIn(parse(text)));
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function textIn(keys: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = keys[key];
  return typeof value === 'string' ? value : undefined;
}

/** Text that a snippet inserts as it is. */
function escaped(text: string): string {
  return text.replaceAll(/[\\$}]/g, '\\$&');
}
