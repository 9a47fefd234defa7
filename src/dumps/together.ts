/**
 * Runs tasks side by side and waits for all of them, also after one has failed: none may still be at work on a file that is about to be removed.
 *
 * Shape: each task gets a signal that is also aborted by the first failure. Errors: the first failure.
 */
export async function together(signal: AbortSignal, tasks: readonly ((signal: AbortSignal) => Promise<void>)[]): Promise<void> {
  const own = new AbortController();
  const shared = AbortSignal.any([signal, own.signal]);
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(shared);
      } catch (error) {
        failures.push(error);
        own.abort(error);
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
