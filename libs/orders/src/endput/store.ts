import { bisect, type Bisected, type Sql } from '@esteira/postgres';
import type { Attempt } from '@esteira/pipeline';
import type { OrderMessage } from '../domain/index.ts';

/** An order that succeeded, to be stored. */
export interface OrderToStore {
  readonly attempt: Attempt;
  readonly message: Pick<OrderMessage, 'order'>;
}

/** What storing did: `inserted`, `same` (a copy was there), or `conflict` (another order has its id). */
export type Stored = 'inserted' | 'same' | 'conflict';

/**
 * Stores a batch once, and answers for each in the order given. A row whose data Postgres refuses gets the refusal as
 * its own answer. Runs in one transaction, with savepoints where a part is refused. Rows are written in the order of
 * their ids, so that two batches with the same orders wait for each other and never for good.
 */
export async function storeOrders(sql: Sql, orders: readonly OrderToStore[]): Promise<Bisected<Stored>[]> {
  const ordered = [...orders].sort((one, other) => compareText(one.attempt.messageId, other.attempt.messageId));
  const answers = await bisect(sql, ordered, (part) => storePart(sql, part));
  const answerOf = new Map(ordered.map((one, index) => [one, answers[index]]));
  return orders.flatMap((one) => answerOf.get(one) ?? []);
}

const compareText = (one: string, other: string) => (one === other ? 0 : one < other ? -1 : 1);

/** Of twins in one part the first is stored, the others are compared with it. */
async function storePart(sql: Sql, part: readonly OrderToStore[]): Promise<Stored[]> {
  const first = new Map<string, OrderToStore>();
  for (const one of part) if (!first.has(one.attempt.messageId)) first.set(one.attempt.messageId, one);
  const rows = [...first.values()].map(valuesOf);
  const [answer] = await sql.query<{ inserted: string[] | null }>(INSERT, [JSON.stringify(rows), rows.length]);
  // Most batches are new as a whole: then that is all there is to say.
  if (answer?.inserted === null && first.size === part.length) return part.map(() => 'inserted');
  const isNew = answer?.inserted == null ? new Set(first.keys()) : new Set(answer.inserted);
  const others = part.filter((one) => !isNew.has(one.attempt.messageId) || first.get(one.attempt.messageId) !== one);
  const compared = await compare(sql, others);
  return part.map((one) => compared.get(one) ?? 'inserted');
}

/** The fastest of several ways to hand over a batch: one parameter, parsed once, a short array each. */
const INSERT = `
  WITH inserted AS (
    INSERT INTO orders
      (message_id, system, source_id, product, price, security_check, source_created_at, round, attempts)
    SELECT (o ->> 0)::uuid, o ->> 1, (o ->> 2)::bigint, o ->> 3, (o ->> 4)::numeric(12,2), (o ->> 5)::boolean,
           (o ->> 6)::timestamptz, (o ->> 7)::int, (o ->> 8)::int
      FROM jsonb_array_elements($1::jsonb) AS o
    ON CONFLICT DO NOTHING
    RETURNING message_id
  )
  SELECT CASE WHEN count(*) < $2::int THEN coalesce(array_agg(message_id::text), '{}') END AS inserted FROM inserted`;

/**
 * Compares orders with what is stored under their ids. A statement of its own, since the insert's snapshot does not
 * show what another consumer committed a moment ago.
 */
async function compare(sql: Sql, orders: readonly OrderToStore[]): Promise<Map<OrderToStore, Stored>> {
  if (orders.length === 0) return new Map();
  const rows = await sql.query<{ index: number }>(
    `SELECT (o ->> 2)::int AS index
       FROM jsonb_array_elements($1::jsonb) AS o
       JOIN orders AS stored ON stored.message_id = (o ->> 0)::uuid
                            AND stored.source_created_at = (o ->> 1)::timestamptz`,
    [JSON.stringify(orders.map(({ attempt, message }, index) => [attempt.messageId, message.order.created_at, index]))],
  );
  const same = new Set(rows.map(({ index }) => index));
  return new Map(orders.map((one, index) => [one, same.has(index) ? 'same' : 'conflict']));
}

/** In the order of the columns. */
function valuesOf({ attempt, message: { order } }: OrderToStore): readonly unknown[] {
  const { messageId, origin, key, round } = attempt;
  const { product, price, security_check, created_at } = order;
  return [messageId, origin, key, product, price, security_check, created_at, round, attempt.attempt];
}
