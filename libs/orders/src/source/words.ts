import type { Postgres } from '@esteira/postgres';
import { sourceOrders, type SourceOrder } from './look-up.ts';

/** The index of migration 0004; its expression is {@link WORDS}. A user's own table has none. */
export const WORDS_INDEX = 'orders_words';

const SEPARATORS = `.,;:-_/@+%&=<>#~*''"`;
const WORDS = `to_tsvector('simple', translate(left(product, 1000), '${SEPARATORS}', '${' '.repeat(19)}'))`;

/** As many rows are looked through at once when the words are common ones. */
const WINDOW = 5_000;
const LAST_ID = String(2n ** 63n - 1n);

/** Rows that have the words, the newest ids first, and the id to go on below; null at the end. */
export interface OrdersByWords {
  readonly orders: readonly SourceOrder[];
  readonly below: string | null;
}

/**
 * A page of the rows of `orders` whose product has the words. Common words are found among the newest
 * rows; rare ones by their index, and then sorted. What is neither, and would mean sorting a good part of the table, is
 * looked for so many rows at a time: then a page may hold fewer rows than asked for, or none, and yet go on.
 *
 * @param words a `tsquery`
 */
export async function ordersByWords(
  source: Postgres,
  words: string,
  { below = LAST_ID, limit }: { readonly below?: string; readonly limit: number },
): Promise<OrdersByWords> {
  const newest = await amongNewest(source, words, below, limit);
  // A page that is full by then is of common words: the index would list a good part of the table for it.
  const isFull = newest.ids.length === limit;
  const { ids, below: next } = isFull ? newest : ((await byIndex(source, words, below, limit)) ?? newest);
  const orders = await sourceOrders(source, ids);
  return { orders: orders.toReversed(), below: next };
}

interface Found {
  readonly ids: readonly string[];
  readonly below: string | null;
}

/** By the index, and sorted; undefined where the words are common. */
async function byIndex(source: Postgres, words: string, below: string, limit: number): Promise<Found | undefined> {
  const [row] = await source.transaction(
    (sql) =>
      sql.query<{ found: number; ids: string[] }>(
        `with found as materialized (
           select id from orders where ${WORDS} @@ $1::tsquery and id < $2::bigint limit ${WINDOW + 1}
         )
         select (select count(*) from found)::int as found,
                array(select id::text from found order by found.id desc limit $3::int) as ids`,
        [words, below, limit],
      ),
    // However many rows the planner expects: without this it may read the whole table for the last of a few.
    'set local enable_seqscan = off; set local enable_indexscan = off',
  );
  const { found = 0, ids = [] } = row ?? {};
  return found > WINDOW ? undefined : { ids, below: found > limit ? (ids.at(-1) ?? null) : null };
}

/** Among the newest rows, by looking at them. */
async function amongNewest(source: Postgres, words: string, below: string, limit: number): Promise<Found> {
  const [row] = await source.query<{ ids: string[]; lowest: string | null; looked: number }>(
    `with looked as materialized (select id, product from orders where id < $2::bigint order by id desc limit ${WINDOW})
     select array(select id::text from looked where ${WORDS} @@ $1::tsquery order by looked.id desc limit $3::int) as ids,
            (select min(id)::text from looked) as lowest, (select count(*) from looked)::int as looked`,
    [words, below, limit],
  );
  const { ids = [], lowest = null, looked = 0 } = row ?? {};
  if (ids.length === limit) return { ids, below: ids.at(-1) ?? null };
  return { ids, below: looked < WINDOW ? null : lowest };
}
