import type { Sql } from '@esteira/postgres';

/** Most rows a transaction inserts: while it is open, it holds back the watermark of its own source. */
export const CHUNK_ROWS = 10_000;

/** How many made-up orders to insert, of each kind. */
export interface InsertPlan {
  /** With `security_check` true: they succeed. */
  readonly positive: number;
  /** With `security_check` false: they never do. */
  readonly negative: number;
}

/** What a shop of household goods sells. */
const PRODUCTS = [
  'Alarm clock, red',
  'Apron, striped',
  'Bath towel',
  'Bread bin, enamel',
  'Cake stand, two tiers',
  'Coffee mill',
  'Doormat, coir',
  'Egg cups, set of 4',
  'Garden lantern',
  'Jam jars, set of 6',
  'Kettle, 1.7 l',
  'Lunch box, steel',
  'Measuring jug',
  'Napkins, pack of 20',
  'Oven glove',
  'Picture frame, oak',
  'Salad bowl, olive wood',
  'Storage tin, large',
  'Tea towel, linen',
  'Umbrella stand',
  'Wall hook, brass',
  'Watering can, 5 l',
];

/** Row i of 1..total is positive where `i * positive / total` steps up: the kinds alternate as evenly as they can. */
const INSERT = `
  insert into orders (product, price, security_check)
  select ($5::text[])[1 + floor(random() * array_length($5::text[], 1))::int],
    round((1 + 199 * random() * random())::numeric, 2),
    i * $3::bigint / $4::bigint > (i - 1) * $3::bigint / $4::bigint
  from generate_series($1::bigint, $2::bigint) as i`;

/** An insert that ended early. */
export class InsertInterrupted extends Error {
  /** Rows that were inserted, and stay. */
  readonly inserted: number;

  constructor(inserted: number, cause: unknown) {
    super(`${inserted} rows were inserted, then: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'InsertInterrupted';
    this.inserted = inserted;
  }
}

/**
 * Inserts made-up orders, both kinds mixed evenly, in transactions of at most `chunkRows`.
 *
 * @param signal ends it between two transactions.
 * @throws InsertInterrupted with what was inserted until then.
 */
export async function insertMadeUpOrders(
  sql: Sql,
  { positive, negative }: InsertPlan,
  signal: AbortSignal,
  chunkRows = CHUNK_ROWS,
): Promise<void> {
  const total = positive + negative;
  for (let done = 0; done < total; done += chunkRows) {
    try {
      signal.throwIfAborted();
      await sql.query(INSERT, [done + 1, Math.min(done + chunkRows, total), positive, total, PRODUCTS]);
    } catch (error) {
      throw new InsertInterrupted(done, error);
    }
  }
}
