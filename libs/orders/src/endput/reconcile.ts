import { isOneOfKeys, ORDER_OF_KEYS } from '@esteira/dead-letters';
import type { Postgres } from '@esteira/postgres';
import type { DeadLetterRow, EndputReader, StoredRow } from '@esteira/reconciliation';
import { ordersPipeline } from '../domain/index.ts';
import { dayOf, orderContent } from '../reconciliation/content.ts';

const STORED = `
  select source_id as id, attempts,
         ${orderContent({ product: 'product', price: 'price', securityCheck: 'security_check', createdAt: 'source_created_at' })} as content,
         ${dayOf('source_created_at')} as day
    from orders where system = $1`;

const DEAD = `
  select key as id,
         json_agg(json_build_object('state', state, 'reason', reason, 'round', round,
                                    'edited', original_body is not null)) as "deadLetters",
         sum(jsonb_array_length(attempts))::int as attempts,
         ${dayOf('min(incarnation::timestamptz)')} as day
    from dead_letters where pipeline = '${ordersPipeline.name}' and origin = $1`;

const NEXT = `and source_id > $2::bigint`;
/** Before every id that a message can tell of: those begin at 0. */
const FIRST = '-1';
const THESE = `and source_id = any($2::bigint[])`;

/** Reads stored orders and dead letters of one system for reconciliation. */
export function endputReader(endput: Postgres, system: string): EndputReader {
  return {
    stored: (after, limit) =>
      endput.query<StoredRow>(`${STORED} ${NEXT} order by source_id limit $3::int`, [system, after ?? FIRST, limit]),
    deadLetters: (after, limit) =>
      endput.query<DeadLetterRow>(
        `${DEAD} and (${ORDER_OF_KEYS}) > (length($2::text), $2::text) group by ${ORDER_OF_KEYS} order by ${ORDER_OF_KEYS} limit $3::int`,
        [system, after ?? '', limit],
      ),
    rows: (ids) =>
      endput.transaction(
        async (sql) => ({
          stored: await sql.query<StoredRow>(`${STORED} ${THESE}`, [system, ids]),
          deadLetters: await sql.query<DeadLetterRow>(`${DEAD} and ${isOneOfKeys('$2')} group by key`, [system, ids]),
        }),
        // One snapshot for both tables.
        'set transaction isolation level repeatable read, read only',
      ),
  };
}
