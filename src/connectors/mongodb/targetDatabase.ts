import { withSession } from './session.ts';
import type { Place } from './settings.ts';

/**
 * Runs `body`, which fills a database. One that did not exist before goes away again when `body` fails.
 *
 * Shape: `removed` are collections to drop first.
 */
export async function withTarget(
  place: Place,
  {
    exists,
    removed,
    signal,
  }: { readonly exists: boolean; readonly removed: readonly { readonly name: string }[]; readonly signal: AbortSignal },
  body: () => Promise<void>,
): Promise<void> {
  if (removed.length > 0)
    await withSession(place, signal, async (session) => {
      for (const { name } of removed) await session.command({ drop: name });
    });
  try {
    await body();
  } catch (error) {
    if (!exists) await dropDatabase(place);
    throw error;
  }
}

/** Must not hear the cancel that made it necessary; what the server refuses stays for the next restore. */
async function dropDatabase(place: Place): Promise<void> {
  await withSession(place, new AbortController().signal, (session) => session.command({ dropDatabase: 1 })).catch(
    () => undefined,
  );
}
