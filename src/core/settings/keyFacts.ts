import type { ValueType } from './valueTypes.ts';

/**
 * A key of a database: the one source of its type, its description and its default.
 *
 * Shape: `markdown` is what hover and completion show; `default` is absent where leaving the key out has no fixed value;
 * `choices` are values to choose from where any other text is right as well.
 */
export interface KeyFacts {
  readonly type: ValueType;
  readonly markdown: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly choices?: readonly { readonly value: string; readonly markdown: string }[];
}

/** Keys by name. */
export type Keys = ReadonlyMap<string, KeyFacts>;

/** Joins groups of keys; of two with one name the later stays. */
export function joinKeys(groups: readonly Keys[]): Keys {
  return new Map(groups.flatMap((group) => [...group]));
}
