/** A call whose items go together with those of others. */
interface Call<T, R> {
  readonly items: readonly T[];
  readonly resolve: (results: R[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets calls that come at about the same time share one: those that come while one runs go together into the next, so that
 * the busier it is the fewer statements it takes, and a call that comes alone waits for nobody. A rejection is that of
 * every call in it.
 *
 * @param run answers for each item, in order
 */
export function sharing<T, R>(
  run: (items: readonly T[]) => Promise<readonly R[]>,
): (items: readonly T[]) => Promise<R[]> {
  let waiting: Call<T, R>[] = [];
  let isRunning = false;
  const runAll = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      const calls = waiting;
      waiting = [];
      await together(calls, run);
    }
    isRunning = false;
  };
  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      // Calls of this very moment go together from the first on.
      if (!isRunning) queueMicrotask(() => void (isRunning ? undefined : runAll()));
    });
}

async function together<T, R>(
  calls: readonly Call<T, R>[],
  run: (items: readonly T[]) => Promise<readonly R[]>,
): Promise<void> {
  try {
    const results = await run(calls.flatMap(({ items }) => items));
    let from = 0;
    for (const { items, resolve } of calls) resolve(results.slice(from, (from += items.length)));
  } catch (error) {
    for (const { reject } of calls) reject(error);
  }
}
