import type { Sql } from '@esteira/postgres';
import { SourceNotReady } from './own/check.ts';

/** Rows that are stamped again in one transaction. */
const BATCH_ROWS = 5_000;

const RESTORE_WHOLE =
  'Restore the whole dump, or begin with an empty database, in which everything is made anew (docs/operations.md).';

/** `update` without a change: the trigger sees a stamp that this cluster has not given yet, and gives another. */
const RESTAMP = `
  with restored as (
    select id from orders where transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
    order by transaction_id, id limit $1::int
  ), stamped as (
    update orders set transaction_id = orders.transaction_id from restored where orders.id = restored.id returning 1
  )
  select count(*)::int as rows from stamped`;

/**
 * Makes the table `orders` of a restored dump as it must be: its trigger fires always (`pg_restore --disable-triggers`
 * leaves it as one that does not), and each row has a stamp of this cluster. Rows that are stamped again are published
 * again, and recognised. Idempotent; two processes may do it at once.
 *
 * @returns how many rows were stamped again.
 * @throws SourceNotReady where the trigger is missing.
 */
export async function mendRestored(sql: Sql, system: string): Promise<number> {
  const [trigger] = await sql.query<{ always: boolean }>(
    `select tgenabled = 'A' as always from pg_trigger
      where tgrelid = 'orders'::regclass and tgname = 'orders_stamp_transaction_id'`,
  );
  if (trigger === undefined) {
    const problem = 'the trigger orders_stamp_transaction_id is missing: new rows could not be inserted';
    throw new SourceNotReady(system, 'orders', [problem], RESTORE_WHOLE);
  }
  if (!trigger.always) await sql.query('alter table orders enable always trigger orders_stamp_transaction_id');
  for (let total = 0; ;) {
    const [stamped] = await sql.query<{ rows: number }>(RESTAMP, [BATCH_ROWS]);
    const rows = stamped?.rows ?? 0;
    if (rows === 0) return total;
    total += rows;
  }
}
