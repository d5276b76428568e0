import type { Sql } from '@esteira/postgres';
import type { Order } from '../domain/index.ts';
import { ordersTable, type OrdersTable } from './table.ts';

/** A row of a source as it stands there now. */
export interface SourceOrder extends Order {
  /** The transaction that stamped it, decimal text. */
  readonly transaction_id: string;
}

/** The rows that are there of these ids, as they would travel. */
export function sourceOrders(
  sql: Sql,
  ids: readonly string[],
  source: OrdersTable = ordersTable,
): Promise<SourceOrder[]> {
  return sql.query<SourceOrder>(
    `select ${source.id}::text as id, ${source.product} as product, ${source.price} as price,
            to_json(${source.createdAt}) #>> '{}' as created_at, ${source.securityCheck} as security_check,
            ${source.transactionId}::text as transaction_id
       from ${source.table} where ${source.id} = any($1::bigint[]) order by ${source.id}`,
    [ids],
  );
}
