import type { Sql } from '@esteira/postgres';

/** Open dead letters with the same reason and error code. Times are ISO 8601 text. */
export interface DeadLetterGroup {
  readonly reason: string;
  readonly errorCode: string;
  readonly count: number;
  readonly firstDeadAt: string;
  readonly lastDeadAt: string;
  /** The newest of them. */
  readonly example: { readonly messageId: string; readonly system: string | null; readonly message: string };
}

interface Row {
  reason: string;
  error_code: string;
  count: string;
  first_dead_at: string;
  last_dead_at: string;
  message_id: string;
  system: string | null;
  message: string;
}

/** Groups the open dead letters of a pipeline by reason and error code, largest first, with an example each. */
export async function groupDeadLetters(sql: Sql, pipeline: string): Promise<DeadLetterGroup[]> {
  const rows = await sql.query<Row>(
    `SELECT reason, error ->> 'code' AS error_code, count(*) AS count,
            to_json(min(dead_at)) #>> '{}' AS first_dead_at, to_json(max(dead_at)) #>> '{}' AS last_dead_at,
            (array_agg(message_id ORDER BY dead_at DESC))[1] AS message_id,
            (array_agg(system ORDER BY dead_at DESC))[1] AS system,
            (array_agg(error ->> 'message' ORDER BY dead_at DESC))[1] AS message
       FROM dead_letters WHERE pipeline = $1 AND state = 'dead'
      GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2`,
    [pipeline],
  );
  return rows.map((row) => ({
    reason: row.reason,
    errorCode: row.error_code,
    count: Number(row.count),
    firstDeadAt: row.first_dead_at,
    lastDeadAt: row.last_dead_at,
    example: { messageId: row.message_id, system: row.system, message: row.message },
  }));
}

/** How many dead letters of a pipeline are open. */
export async function countDeadLetters(sql: Sql, pipeline: string): Promise<number> {
  const [row] = await sql.query<{ count: string }>(
    `SELECT count(*) AS count FROM dead_letters WHERE pipeline = $1 AND state = 'dead'`,
    [pipeline],
  );
  return Number(row?.count ?? 0);
}

/** Removes all dead letters of a pipeline, their history too, and what is remembered of messages that came back. */
export async function clearDeadLetters(sql: Sql, pipeline: string): Promise<void> {
  await sql.query('DELETE FROM dead_letters WHERE pipeline = $1', [pipeline]);
  await sql.query('DELETE FROM trials WHERE pipeline = $1', [pipeline]);
}
