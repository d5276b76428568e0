import type { Sql } from '@esteira/postgres';
import { originColumns } from '@esteira/postgres-source';
import type { MadeMessage, RepublishRow, SourceReader, SourceRow } from '@esteira/reconciliation';
import { orderMessages, type Order, type Origin } from '../domain/index.ts';
import { dayOf, orderContent } from '../reconciliation/content.ts';
import { ordersTable, type OrdersTable } from './table.ts';

/** What must arrive of an order, as one text. Postgres renders it, so that nothing is rounded on the way. */
const contentOf = ({ product, priceAsNumber, securityCheck, createdAt }: OrdersTable): string =>
  orderContent({ product, price: priceAsNumber, securityCheck, createdAt });

/** Reads a source's orders for reconciliation, those that are not yet safe to publish included. */
export function sourceReader(sql: Sql, source: OrdersTable = ordersTable): SourceReader {
  const { table, id, transactionId } = source;
  const select = `select ${id}::text as id, ${transactionId} as "transactionId", ${contentOf(source)} as content,
      ${dayOf(source.createdAt)} as day from ${table}`;
  return {
    page: (after, limit) =>
      // Ids below 0 can't be published, but they are rows: the first page begins at no id.
      after === undefined
        ? sql.query<SourceRow>(`${select} order by ${id} limit $1::int`, [limit])
        : sql.query<SourceRow>(`${select} where ${id} > $1::bigint order by ${id} limit $2::int`, [after, limit]),
    estimate: async () => {
      // What the planner expects of the whole table: no row is read for it.
      const [row] = await sql.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
        `explain (format json) select from ${table}`,
      );
      return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
    },
    rows: (ids) => sql.query<SourceRow>(`${select} where ${id} = any($1::bigint[]) order by ${id}`, [ids]),
  };
}

/**
 * Makes the messages of rows that are to be published again. Rows that are gone are left out, and those with an id below
 * 0, which no message id can hold.
 */
export async function republishedOrders<R extends RepublishRow>(
  sql: Sql,
  system: string,
  rows: readonly R[],
  maxAttempts: number,
  source: OrdersTable = ordersTable,
): Promise<MadeMessage<R>[]> {
  const orders = await sql.query<Order & Omit<Origin, 'system'>>(
    `select ${source.id}::text as id, ${source.product} as product, ${source.price} as price,
            to_json(${source.createdAt}) #>> '{}' as created_at, ${source.securityCheck} as security_check,
            ${originColumns(source)}
       from ${source.table} where ${source.id} = any($1::bigint[]) and ${source.id} >= 0 order by ${source.id}`,
    [rows.map(({ id }) => id)],
  );
  const [first] = orders;
  if (first === undefined) return [];
  const toMessage = orderMessages({ system, database: first.database, schema: first.schema, table: first.table });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return orders.flatMap(({ id, product, price, created_at, security_check }) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const order = { id, product, price, created_at, security_check };
    return [{ row, message: toMessage(order, { maxAttempts, round: row.round }) }];
  });
}
