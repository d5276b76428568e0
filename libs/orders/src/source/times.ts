import type { Sql } from '@esteira/postgres';

/** Whether Postgres knows a time zone of this name, and reads times with it. */
export async function isTimeZone(sql: Sql, name: string): Promise<boolean> {
  const rows = await sql.query('select from pg_timezone_names where lower(name) = lower($1::text)', [name]);
  return rows.length > 0;
}

/** What Postgres stores of times that it is given as text: ISO 8601, UTC, to the microsecond. */
export async function timesAsStored(sql: Sql, times: readonly (string | null)[]): Promise<(string | null)[]> {
  const rows = await sql.query<{ time: string | null }>(
    `select to_char(time::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time
     from unnest($1::text[]) with ordinality as t (time, n) order by n`,
    [times],
  );
  return rows.map(({ time }) => time);
}
