import type { DeadLetterReason } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import { conditionOf, type DeadLetterFilter } from './filter.ts';

/** Dead letters with the same reason and error code. Times are ISO 8601 text. */
export interface DeadLetterGroup {
  readonly reason: DeadLetterReason;
  readonly errorCode: string;
  readonly count: number;
  readonly firstDeadAt: string;
  readonly lastDeadAt: string;
  /** How many died in each of the equal stretches of time between `from` and `to` of all groups. */
  readonly sparkline: readonly number[];
  /** The newest of them. */
  readonly example: { readonly messageId: string; readonly origin: string | null; readonly message: string };
}

/** The groups of a filter, largest first; 200 at most. */
export interface DeadLetterGroups {
  /** When the first and the last of all died, ISO 8601: the ends of every sparkline. Null where there are none. */
  readonly from: string | null;
  readonly to: string | null;
  readonly groups: readonly DeadLetterGroup[];
}

const MOST_GROUPS = 200;
/** The open ones are what asks for somebody. */
const OPEN: DeadLetterFilter = { state: 'dead' };

interface Row {
  /** Of all groups. */
  from: string;
  to: string;
  reason: DeadLetterReason;
  errorCode: string;
  count: string;
  firstDeadAt: string;
  lastDeadAt: string;
  stretches: Record<string, number>;
  messageId: string;
  origin: string | null;
  message: string;
}

/** Groups dead letters by reason and error code: the open ones, or those that a filter means. */
export async function groupDeadLetters(
  sql: Sql,
  pipeline: string,
  filter: DeadLetterFilter = OPEN,
  stretches = 30,
): Promise<DeadLetterGroups> {
  const { sql: condition, values } = conditionOf(pipeline, filter);
  // What words mean is scattered over the table: it is read once. Anything else is counted in an index.
  const chosen = filter.words === undefined ? 'NOT MATERIALIZED' : 'MATERIALIZED';
  const rows = await sql.query<Row>(groupsSql(condition, chosen, values.length + 1), [...values, stretches]);
  const { from = null, to = null } = rows[0] ?? {};
  return { from, to, groups: rows.map((row) => groupOf(row, stretches)) };
}

/** One pass counts the groups by stretch; an example of the newest of each group is looked up afterwards. */
const groupsSql = (condition: string, chosen: 'MATERIALIZED' | 'NOT MATERIALIZED', next: number) => `
  WITH chosen AS ${chosen} (
    SELECT reason, error_code, dead_at FROM dead_letters WHERE ${condition}
  ), span AS MATERIALIZED (
    SELECT min(dead_at) AS first, max(dead_at) AS last, date_part('epoch', min(dead_at)) AS since,
           greatest(date_part('epoch', max(dead_at)), date_part('epoch', min(dead_at)) + 1e-6) AS until FROM chosen
  ), counted AS (
    SELECT reason, error_code,
           least($${next}::int, width_bucket(date_part('epoch', dead_at), since, until, $${next}::int)) AS stretch,
           count(*) AS count, min(dead_at) AS first_dead_at, max(dead_at) AS last_dead_at
      FROM chosen CROSS JOIN span GROUP BY 1, 2, 3
  ), grouped AS (
    SELECT reason, error_code, sum(count) AS count, min(first_dead_at) AS first_dead_at,
           max(last_dead_at) AS last_dead_at, json_object_agg(stretch, count) AS stretches
      FROM counted GROUP BY 1, 2 ORDER BY sum(count) DESC, 1, 2 LIMIT ${MOST_GROUPS}
  )
  SELECT ${isoTime('span.first', 'from')}, ${isoTime('span.last', 'to')},
         grouped.reason, grouped.error_code AS "errorCode", grouped.count, grouped.stretches,
         ${isoTime('grouped.first_dead_at', 'firstDeadAt')}, ${isoTime('grouped.last_dead_at', 'lastDeadAt')},
         newest.message_id AS "messageId", newest.origin, newest.error ->> 'message' AS message
    FROM span CROSS JOIN grouped CROSS JOIN LATERAL (
      SELECT message_id, origin, error FROM dead_letters
       WHERE ${condition} AND reason = grouped.reason AND error_code = grouped.error_code
         AND dead_at = grouped.last_dead_at LIMIT 1) AS newest
   ORDER BY grouped.count DESC, grouped.reason, grouped.error_code`;

function groupOf(row: Row, length: number): DeadLetterGroup {
  const { reason, errorCode, firstDeadAt, lastDeadAt, stretches, messageId, origin, message } = row;
  return {
    ...{ reason, errorCode, firstDeadAt, lastDeadAt },
    count: Number(row.count),
    sparkline: Array.from({ length }, (_, index) => stretches[String(index + 1)] ?? 0),
    example: { messageId, origin, message },
  };
}

/** How many dead letters of a pipeline are open. */
export async function countDeadLetters(sql: Sql, pipeline: string): Promise<number> {
  const [row] = await sql.query<{ count: string }>(
    `SELECT count(*) AS count FROM dead_letters WHERE pipeline = $1 AND state = 'dead'`,
    [pipeline],
  );
  return Number(row?.count ?? 0);
}
