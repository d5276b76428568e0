interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Handles together what is asked for at the same time: a batch closes when it is full or when nothing more is waiting,
 * never on a timer. As many batches at once as Esteira's consumer has.
 */
export function coalescer<T, R>(
  handle: (items: readonly T[]) => Promise<readonly R[]>,
  { most = 1_000, atOnce = 2 } = {},
): (item: T) => Promise<R> {
  const waiting: Waiting<T, R>[] = [];
  let running = 0;
  let scheduled = false;
  const run = async (batch: readonly Waiting<T, R>[]) => {
    running += 1;
    try {
      const results = await handle(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as R);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      running -= 1;
      schedule();
    }
  };
  const flush = () => {
    scheduled = false;
    while (waiting.length > 0 && running < atOnce) void run(waiting.splice(0, most));
  };
  const schedule = () => {
    if (scheduled || waiting.length === 0 || running >= atOnce) return;
    scheduled = true;
    setImmediate(flush);
  };
  return (item) =>
    new Promise<R>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });
}
