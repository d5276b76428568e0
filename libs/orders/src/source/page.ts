import type { OutgoingMessage } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { PageSource, Position, SourceState } from '@esteira/relay';
import { orderMessages, type Journey, type Order } from '../domain/index.ts';
import { identityColumns } from './identity.ts';
import { ordersTable, type SourceTable } from './table.ts';

/** Which rows are read, and as whose. */
export interface OrdersSourceOptions {
  /** The system's name: a part of every message id. */
  readonly system: string;
  /** `orders` by default. */
  readonly table?: SourceTable;
}

/** The position before every row: transaction ids start at 3. */
export const BEFORE_ALL: Position = { transactionId: '0', id: '0' };

/** What a page's statement answers: always one row. */
export type PageRow = SourceState & { readonly orders: Order[]; readonly last: Position | null };

/**
 * Rows after a position ($1, $2), at most $3, in the order of the index. Only rows of transactions below the snapshot's
 * xmin are read: every transaction below it has ended, so no row can still appear before the last one of the page. The
 * page and the watermark are of one snapshot because they are of one statement.
 *
 * Times and numbers are made text by Postgres: microseconds and cents stay as they are.
 */
export const pageStatement = (source: SourceTable): string => `
  with page as (
    select ${source.transactionId} as transaction_id, ${source.id} as id, ${source.product} as product,
      ${source.price} as price, ${source.createdAt} as created_at, ${source.securityCheck} as security_check
    from ${source.table}
    where (${source.transactionId}, ${source.id}) > ($1::xid8, $2::bigint)
      and ${source.transactionId} < pg_snapshot_xmin(pg_current_snapshot())
    order by ${source.transactionId}, ${source.id}
    limit $3::int
  )
  select ${identityColumns(source)},
    (select coalesce(json_agg(json_build_object(
        'id', id::text, 'product', product, 'price', price,
        'created_at', created_at, 'security_check', security_check) order by transaction_id, id), '[]')
      from page) as orders,
    (select json_build_object('transactionId', transaction_id::text, 'id', id::text)
      from page order by transaction_id desc, id desc limit 1) as last`;

/** The orders of one system, as pages of messages. */
export function ordersSource(postgres: Postgres, { system, table = ordersTable }: OrdersSourceOptions): PageSource {
  const statement = pageStatement(table);
  const messagesOf = messageMaker(system);
  return {
    async next(after = BEFORE_ALL, limit, journey) {
      const [row] = await postgres.query<PageRow>(statement, [after.transactionId, after.id, limit]);
      if (row === undefined)
        throw new Error(`${system}: ${postgres.address} gave no answer to a page of ${table.table}`);
      const { orders, last, ...source } = row;
      return { source, messages: messagesOf(source, orders, journey), ...(last === null ? {} : { last }) };
    },
  };
}

/** Makes messages; what depends only on the origin is made again only when that changes. */
function messageMaker(system: string) {
  let known = '';
  let toMessage: ReturnType<typeof orderMessages>;
  return ({ database, schema, table }: SourceState, orders: readonly Order[], journey: Journey): OutgoingMessage[] => {
    const origin = { system, database, schema, table };
    const key = JSON.stringify(origin);
    if (key !== known) toMessage = orderMessages(origin);
    known = key;
    return orders.map((order) => toMessage(order, journey));
  };
}
