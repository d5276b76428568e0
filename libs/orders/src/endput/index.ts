import { join } from 'node:path';
import type { Migrations, Sql } from '@esteira/postgres';

export * from './at-rest.ts';
export * from './look-up.ts';
export * from './reconcile.ts';
export * from './store.ts';

/** Makes the table of stored orders, and what it shows of what is at rest. */
export const endputMigrations: Migrations = {
  name: 'orders_endput',
  directory: join(import.meta.dirname, 'migrations'),
};

/** How many orders are stored, by system. */
export async function countStored(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql.query<{ system: string; count: string }>(
    'SELECT system, count(*) AS count FROM orders GROUP BY system',
  );
  return new Map(rows.map(({ system, count }) => [system, Number(count)]));
}

/** Removes all stored orders. */
export async function clearStored(sql: Sql): Promise<void> {
  await sql.query('TRUNCATE orders');
}
