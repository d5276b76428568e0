import { isoTime, type Sql } from '@esteira/postgres';

/** An order as it is stored. Money, ids and times are text; times are ISO 8601 with microseconds. */
export interface StoredOrder {
  readonly message_id: string;
  readonly system: string;
  readonly source_id: string;
  readonly product: string;
  readonly price: string;
  readonly security_check: boolean;
  readonly source_created_at: string;
  /** The round in which it succeeded. */
  readonly round: number;
  /** The attempt of that round at which it succeeded. */
  readonly attempts: number;
  readonly stored_at: string;
}

/** The stored orders among these messages, by the primary key. */
export function storedOrders(endput: Sql, messageIds: readonly string[]): Promise<StoredOrder[]> {
  return endput.query<StoredOrder>(
    `SELECT message_id, system, source_id, product, price, security_check, round, attempts,
            ${isoTime('source_created_at', 'source_created_at')}, ${isoTime('stored_at', 'stored_at')}
       FROM orders WHERE message_id = ANY ($1::uuid[])`,
    [messageIds],
  );
}
