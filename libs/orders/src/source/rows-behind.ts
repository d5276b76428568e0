import type { Sql } from '@esteira/postgres';
import type { Position } from '@esteira/relay';
import { BEFORE_ALL } from './page.ts';
import { ordersTable, type SourceTable } from './table.ts';

/** How many rows are counted before the count stops. */
export const MOST_COUNTED = 1_000_000;

/** Rows beyond a position, those that are not yet safe to read included. */
export interface RowsBehind {
  /** Exact, unless `more`. */
  readonly rows: number;
  /** There are more than `rows`. */
  readonly more: boolean;
}

/** Counts the rows beyond a position (all rows without one), up to {@link MOST_COUNTED}, from the index. */
export async function rowsBehind(
  postgres: Sql,
  position: Position = BEFORE_ALL,
  { table = ordersTable, most = MOST_COUNTED }: { readonly table?: SourceTable; readonly most?: number } = {},
): Promise<RowsBehind> {
  const [row] = await postgres.query<{ rows: number }>(
    `select count(*)::int as rows from (
       select from ${table.table} where (${table.transactionId}, ${table.id}) > ($1::xid8, $2::bigint)
       limit $3::int + 1
     ) as behind`,
    [position.transactionId, position.id, most],
  );
  const rows = row?.rows ?? 0;
  return { rows: Math.min(rows, most), more: rows > most };
}
