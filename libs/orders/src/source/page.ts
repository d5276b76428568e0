import type { OutgoingMessage } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import type { PageSource, Position, SourceState } from '@esteira/relay';
import { orderMessages, type Journey, type Order } from '../domain/index.ts';
import { checkedTable, identityColumns, ORDERS_TABLE } from './identity.ts';

/** Which rows are read, and as whose. */
export interface OrdersSourceOptions {
  /** The system's name: a part of every message id. */
  readonly system: string;
  /** With its schema or without; `orders` by default. */
  readonly table?: string;
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
export const pageStatement = (table: string): string => `
  with page as (
    select transaction_id, id, product, price, created_at, security_check
    from ${table}
    where (transaction_id, id) > ($1::xid8, $2::bigint)
      and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    order by transaction_id, id
    limit $3::int
  )
  select ${identityColumns(table)},
    (select coalesce(json_agg(json_build_object(
        'id', id::text, 'product', product, 'price', price::text,
        'created_at', created_at, 'security_check', security_check) order by transaction_id, id), '[]')
      from page) as orders,
    (select json_build_object('transactionId', transaction_id::text, 'id', id::text)
      from page order by transaction_id desc, id desc limit 1) as last`;

/** The orders of one system, as pages of messages. */
export function ordersSource(postgres: Postgres, { system, table = ORDERS_TABLE }: OrdersSourceOptions): PageSource {
  const statement = pageStatement(checkedTable(table));
  const messagesOf = messageMaker(system);
  return {
    async next(after = BEFORE_ALL, limit, journey) {
      const [row] = await postgres.query<PageRow>(statement, [after.transactionId, after.id, limit]);
      if (row === undefined) throw new Error(`${system}: ${postgres.address} gave no answer to a page of ${table}`);
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
