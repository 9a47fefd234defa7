import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { until } from './processes.ts';

/** Waits until what is read is what is expected, and shows the difference when it is not so after 20 s. */
export async function settles<Value>(read: () => Value | Promise<Value>, expected: Value): Promise<void> {
  const isExpected = async (): Promise<boolean> => isDeepStrictEqual(await read(), expected);
  await until(isExpected, 'what is expected', 20_000).catch(() => undefined);
  assert.deepEqual(await read(), expected);
}
