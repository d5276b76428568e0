import type { Sql } from '@esteira/postgres';
import type { Position } from '@esteira/relay';
import { BEFORE_ALL } from './page.ts';
import type { SourceTable } from './table.ts';

/** How many rows are counted before the count stops. */
const MOST_COUNTED = 1_000_000;

/** Rows beyond a position, those that are not yet safe to read included. */
export interface RowsBehind {
  /** Exact, unless `more`. */
  readonly rows: number;
  /** There are more than `rows`. */
  readonly more: boolean;
}

/** Counts the rows beyond a position (all rows without one), up to `most`, from the index. */
export async function rowsBehind(
  postgres: Sql,
  { table, id, transactionId }: SourceTable,
  position: Position = BEFORE_ALL,
  most = MOST_COUNTED,
): Promise<RowsBehind> {
  const [row] = await postgres.query<{ rows: number }>(
    `select count(*)::int as rows from (
       select from ${table} where (${transactionId}, ${id}) > ($1::xid8, $2::bigint)
       limit $3::int + 1
     ) as behind`,
    [position.transactionId, position.id, most],
  );
  const rows = row?.rows ?? 0;
  return { rows: Math.min(rows, most), more: rows > most };
}
