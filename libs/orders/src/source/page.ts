import type { Postgres } from '@esteira/postgres';
import { postgresSource, type RowFormat } from '@esteira/postgres-source';
import type { PageSource } from '@esteira/relay';
import { orderTextMessages } from '../domain/index.ts';
import { ordersTable, type OrdersTable } from './table.ts';

/** Which rows are read, and as whose. */
export interface OrdersSourceOptions {
  /** The system's name: a part of every message id. */
  readonly system: string;
  /** `orders` by default. */
  readonly table?: OrdersTable;
}

/**
 * A row as a line: `t` or `f` for its security check, a space, and the order's JSON. It is made here and travels as it
 * is: neither parsed nor written again on the way, which is also the quickest for Postgres.
 */
const LINE = `case when security_check then 't ' else 'f ' end
  || '{"id":"' || id || '","product":' || coalesce(to_json(product)::text, 'null')
  || ',"price":' || coalesce(to_json(price)::text, 'null')
  || ',"created_at":' || coalesce(to_json(created_at)::text, 'null')
  || ',"security_check":' || case when security_check then 'true}' else 'false}' end`;

/** How the rows of a table are read. */
export function orderRows({ product, price, createdAt, securityCheck }: OrdersTable): RowFormat {
  return {
    columns: [
      `${product} as product`,
      `${price} as price`,
      `${createdAt} as created_at`,
      `${securityCheck} as security_check`,
    ],
    line: LINE,
    bytes: 'octet_length(product)',
  };
}

/** The orders of one system, as pages of messages. */
export function ordersSource(postgres: Postgres, { system, table = ordersTable }: OrdersSourceOptions): PageSource {
  return postgresSource(postgres, {
    system,
    table,
    format: orderRows(table),
    messagesFrom: (origin) => {
      const toMessage = orderTextMessages({ system, ...origin });
      return (id, line, journey) =>
        toMessage({ id, securityCheck: line.startsWith('t'), json: line.slice(2) }, journey);
    },
  });
}
