import type { Sql } from '@esteira/postgres';

const DAY_MS = 86_400_000;

/** Makes the places of tasks of these times that are missing: one a day. @param times in milliseconds since 1970 */
export async function ensureTaskDays(sql: Sql, times: Iterable<number>): Promise<void> {
  const days = new Set(
    [...times].map((time) => new Date(Math.floor(time / DAY_MS) * DAY_MS).toISOString().slice(0, 10)),
  );
  if (days.size > 0) await sql.query('SELECT ensure_task_days($1::date[])', [[...days]]);
}
