import { quoteIdentifier, quoteLiteral, type Sql } from '@esteira/postgres';
import { SourceNotReady } from './own/check.ts';

/** Rows that are stamped again in one transaction. */
const BATCH_ROWS = 5_000;

const RESTORE_WHOLE =
  'Restore the whole dump, or begin with an empty database, in which everything is made anew (docs/operations.md).';

/** A table that Esteira made in a source, by its names. */
export interface StampedTable {
  readonly name: string;
  readonly id: string;
  readonly transactionId: string;
  /** What stamps its rows. */
  readonly trigger: string;
}

/** `update` without a change: the trigger sees a stamp that this cluster has not given yet, and gives another. */
function restampStatement(names: StampedTable): string {
  const [table, id, stamp] = [names.name, names.id, names.transactionId].map(quoteIdentifier);
  return `
  with restored as (
    select ${id} as row_id from ${table} where ${stamp} >= pg_snapshot_xmax(pg_current_snapshot())
    order by ${stamp}, ${id} limit $1::int
  ), stamped as (
    update ${table} as t set ${stamp} = t.${stamp} from restored where t.${id} = restored.row_id returning 1
  )
  select count(*)::int as rows from stamped`;
}

/**
 * Makes a table of a restored dump as it must be: its trigger fires always (`pg_restore --disable-triggers`
 * leaves it as one that does not), and each row has a stamp of this cluster. Rows that are stamped again are published
 * again, and recognised. Idempotent; two processes may do it at once.
 *
 * @returns how many rows were stamped again.
 * @throws SourceNotReady where the trigger is missing.
 */
export async function mendRestored(sql: Sql, system: string, names: StampedTable): Promise<number> {
  const { name, trigger } = names;
  const [found] = await sql.query<{ always: boolean }>(
    `select tgenabled = 'A' as always from pg_trigger
      where tgrelid = ${quoteLiteral(quoteIdentifier(name))}::regclass and tgname = ${quoteLiteral(trigger)}`,
  );
  if (found === undefined) {
    const problem = `the trigger ${trigger} is missing: new rows could not be inserted`;
    throw new SourceNotReady(system, name, [problem], RESTORE_WHOLE);
  }
  if (!found.always) {
    await sql.query(`alter table ${quoteIdentifier(name)} enable always trigger ${quoteIdentifier(trigger)}`);
  }
  const restamp = restampStatement(names);
  for (let total = 0; ;) {
    const [stamped] = await sql.query<{ rows: number }>(restamp, [BATCH_ROWS]);
    const rows = stamped?.rows ?? 0;
    if (rows === 0) return total;
    total += rows;
  }
}
