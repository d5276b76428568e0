import { quoteIdentifier, quoteLiteral } from '@esteira/postgres';
import {
  quotedTable,
  type ColumnFact,
  type OwnTable,
  type SourceTable,
  type StampedTable,
} from '@esteira/postgres-source';
import type { OwnTable as OwnOrdersTable } from '../settings/own-table.ts';

/** How a table of orders is read: every text is SQL, names quoted. */
export interface OrdersTable extends SourceTable {
  /** Text. */
  readonly product: string;
  /** Text on the wire; where it fits numeric(12,2), with two decimal places. */
  readonly price: string;
  /** numeric(12,2), null where the price does not fit: for comparing. */
  readonly priceAsNumber: string;
  /** boolean */
  readonly securityCheck: string;
  /** timestamptz */
  readonly createdAt: string;
}

/** The table that Esteira makes. */
export const ordersTable: OrdersTable = {
  table: 'orders',
  id: 'orders.id',
  transactionId: 'orders.transaction_id',
  product: 'product',
  price: 'price::text',
  priceAsNumber: 'price',
  securityCheck: 'security_check',
  createdAt: 'created_at',
  isOwn: false,
};

/** What stamps its rows (migrations/0001_orders.sql). */
export const stampedOrders: StampedTable = {
  name: 'orders',
  id: 'id',
  transactionId: 'transaction_id',
  trigger: 'orders_stamp_transaction_id',
};

/** The longest product that travels, in bytes, as in `orders`: control characters take six each in a message of 1 MB. */
export const MAX_PRODUCT_BYTES = 100_000;
const CUT_TO_CHARACTERS = 16_000;

/** A price that numeric(12,2) holds without rounding, as text. */
const FITS = '^-?[0-9]{1,10}([.][0-9]{1,2}0*)?$';

/** What counts as a passed check, in lower case: of boolean, of numbers, and of text. */
const PASSED = ['true', 't', 'yes', 'y', 'on', '1'];

/**
 * Reads a table of the user. Whatever the types of its columns are, no row makes a page fail: each column goes through
 * its text. A price that does not fit (`1.234`, `NaN`, null) travels as it is, to become a dead letter that says so.
 */
export function sourceTable({ schema, name, columns }: OwnOrdersTable): OrdersTable {
  const product = `coalesce(${quoteIdentifier(columns.product)}::text, '')`;
  const price = `${quoteIdentifier(columns.price)}::text`;
  const fits = `${price} ~ ${quoteLiteral(FITS)}`;
  const table = quotedTable({ schema, name });
  return {
    table,
    id: `${table}.${quoteIdentifier(columns.id)}`,
    transactionId: `${table}.${quoteIdentifier(columns.transactionId)}`,
    product: `case when octet_length(${product}) <= ${MAX_PRODUCT_BYTES} then ${product}
      else left(${product}, ${CUT_TO_CHARACTERS}) || ' … (cut: ' || octet_length(${product}) || ' bytes)' end`,
    price: `case when ${fits} then ${price}::numeric(12,2)::text else left(${price}, 100) end`,
    priceAsNumber: `case when ${fits} then ${price}::numeric(12,2) end`,
    securityCheck:
      columns.securityCheck === undefined
        ? 'true'
        : `coalesce(lower(btrim(${quoteIdentifier(columns.securityCheck)}::text)) in (${PASSED.map(quoteLiteral).join(', ')}), false)`,
    createdAt: `${quoteIdentifier(columns.createdAt)}::timestamptz`,
    isOwn: true,
  };
}

const TIMES = ['timestamp with time zone', 'timestamp without time zone', 'date'];

const unfitPrice = ({ baseType }: ColumnFact) =>
  baseType === 'money' ? ', whose text depends on the locale; use numeric' : undefined;
const unfitTime = ({ baseType }: ColumnFact) =>
  TIMES.includes(baseType) ? undefined : `; it must be a time: ${TIMES.join(', ')}`;

/** A table of the user by its names: what it has to have, to be read as orders. */
export function ownTable({ columns, ...names }: OwnOrdersTable): OwnTable {
  const { id, transactionId, product, price, createdAt, securityCheck } = columns;
  return {
    ...names,
    id,
    transactionId,
    columns: [
      { name: product },
      { name: price, unfit: unfitPrice },
      { name: createdAt, unfit: unfitTime },
      ...(securityCheck === undefined ? [] : [{ name: securityCheck }]),
    ],
  };
}
