import { isDataError } from './sql-state.ts';

/** What a batch statement answered for one item: its result, or the error that blames this item's data. */
export type Bisected<R> = { readonly result: R } | { readonly refused: Error };

/**
 * Runs a batch; when its data is refused (SQLSTATE class 22 or 23), halves it until each bad item stands alone, so
 * that one bad row gets its own answer and never spoils the others. Any other error is passed on.
 *
 * @param work runs one part and answers for each of its items, in order; it must be safe to run again.
 */
export async function bisect<T, R>(
  items: readonly T[],
  work: (part: readonly T[]) => Promise<readonly R[]>,
): Promise<Bisected<R>[]> {
  if (items.length === 0) return [];
  try {
    return (await work(items)).map((result) => ({ result }));
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (items.length === 1) return [{ refused: error as Error }];
    const middle = Math.ceil(items.length / 2);
    return [...(await bisect(items.slice(0, middle), work)), ...(await bisect(items.slice(middle), work))];
  }
}
