import { isDataError } from './sql-state.ts';
import type { Sql } from './pool.ts';

/** What a batch statement answered for one item: its result, or the error that blames this item's data. */
export type Bisected<R> = { readonly result: R } | { readonly refused: Error };

/**
 * Runs a batch in a transaction; when its data is refused (SQLSTATE class 22 or 23), undoes it and halves it until each
 * bad item stands alone, so that one bad row gets its own answer and never spoils the others. Any other error is passed
 * on, and the transaction is over.
 *
 * @param work runs one part and answers for each of its items, in order; it may be run again for a smaller part.
 */
export async function bisect<T, R>(
  sql: Sql,
  items: readonly T[],
  work: (part: readonly T[]) => Promise<readonly R[]>,
): Promise<Bisected<R>[]> {
  if (items.length === 0) return [];
  await sql.query('SAVEPOINT bisected');
  try {
    const results = await work(items);
    await sql.query('RELEASE SAVEPOINT bisected');
    return results.map((result) => ({ result }));
  } catch (error) {
    if (!isDataError(error)) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT bisected');
    if (items.length === 1) return [{ refused: error as Error }];
    const middle = Math.ceil(items.length / 2);
    return [...(await bisect(sql, items.slice(0, middle), work)), ...(await bisect(sql, items.slice(middle), work))];
  }
}
