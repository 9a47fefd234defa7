import * as z from 'zod';

/**
 * The kinds of values that settings hold.
 *
 * Shape: `expects` ends the sentence "… must be"; the schema says what JSON can say, and no more.
 */
const types = {
  text: { expects: 'a text', schema: () => z.string() },
  textOrNull: { expects: 'a text, or null', schema: () => z.string().nullable() },
  flag: { expects: 'true or false', schema: () => z.boolean() },
  count: { expects: 'a whole number from 1 on', schema: () => z.int().min(1) },
  port: { expects: 'a number from 1 to 65535', schema: () => z.union([z.int().min(1).max(65_535), z.string()]) },
  names: { expects: 'a list of names', schema: () => z.array(z.string().min(1)) },
  words: { expects: 'a text, or a list of texts', schema: () => z.union([z.string(), z.array(z.string())]) },
  texts: { expects: 'an object of texts', schema: () => z.record(z.string(), z.string()) },
  object: { expects: 'an object', schema: () => z.record(z.string(), z.unknown()) },
  compression: { expects: 'none, gzip or zstd', schema: () => z.enum(['none', 'gzip', 'zstd']) },
  verification: { expects: 'quick or full', schema: () => z.enum(['quick', 'full']) },
  anything: { expects: 'anything', schema: () => z.unknown() },
} as const;

export type ValueType = keyof typeof types;

const built = new Map<ValueType, z.ZodType>();

/** The schema of a kind of value. Built when it is first asked for, so that loading the settings costs nothing. */
export function schemaOf(type: ValueType): z.ZodType {
  const known = built.get(type);
  if (known !== undefined) return known;
  const schema = types[type].schema();
  built.set(type, schema);
  return schema;
}

/** What is wrong with a value, by the place inside it. Empty when nothing is. */
export function typeMistakes(type: ValueType, value: unknown): readonly { readonly path: readonly (string | number)[] }[] {
  const result = schemaOf(type).safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(({ path }) => ({ path: path.filter((part) => typeof part !== 'symbol') }));
}

/** How the sentence "… must be" ends for a kind of value. */
export function expectation(type: ValueType): string {
  return types[type].expects;
}
