import type { Sql } from '@esteira/postgres';

/** Removes all orders and what is remembered of imports. Ids go on where they were: none is ever used twice. */
export async function clearSource(sql: Sql): Promise<void> {
  await sql.query('truncate orders, imports, import_refusals');
}
