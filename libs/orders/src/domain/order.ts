import type { Pipeline } from '@esteira/pipeline';

/** The first pipeline: order rows. */
export const ordersPipeline: Pipeline = {
  name: 'orders',
  types: [{ name: 'order.placed', schemaVersion: 1 }],
  lanes: ['primary'],
};

/** A row of a source's `orders` table, as it travels. */
export interface Order {
  /** The row's bigint id, decimal text. */
  readonly id: string;
  readonly product: string;
  /** Decimal text with two places, for example `29.33`: money is never a float. */
  readonly price: string;
  /** ISO 8601 with microseconds, for example `1997-01-01T00:00:00.123456+00:00`. */
  readonly created_at: string;
  readonly security_check: boolean;
}

/** Where an order was read. */
export interface Origin {
  readonly system: string;
  readonly database: string;
  readonly schema: string;
  readonly table: string;
}
