import type { Sql } from '@esteira/postgres';
import type { Redrivable } from '../redrivable.ts';

/** What has become of the dead letters that a job redrove. */
export interface JobResult {
  readonly stored: number;
  readonly failedAgain: number;
  readonly underWay: number;
}

/** Looks up where everything is that a job redrove: a join over its items, so a second or two for a million. */
export async function jobResult(sql: Sql, { storedTable }: Redrivable, id: string): Promise<JobResult> {
  const [row] = await sql.query<{ done: number; stored: number; failedAgain: number }>(
    `SELECT count(*)::int AS done, count(stored.message_id)::int AS stored,
            count(*) FILTER (WHERE stored.message_id IS NULL
                               AND (again.state = 'dead' OR renamed.state = 'dead'))::int AS "failedAgain"
       FROM dead_letter_job_items AS item
       LEFT JOIN dead_letters AS letter ON letter.message_id = item.message_id
       LEFT JOIN ${storedTable} AS stored ON stored.message_id = coalesce(item.sent_as, item.message_id)
        AND stored.source_created_at = coalesce(letter.source_created_at, stored.source_created_at)
       LEFT JOIN dead_letters AS again ON again.message_id = item.message_id AND again.round > item.round
       LEFT JOIN dead_letters AS renamed ON renamed.message_id = item.sent_as AND renamed.round > item.round
      WHERE item.job = $1::bigint AND item.outcome = 'done'`,
    [id],
  );
  const { done, stored, failedAgain } = row ?? { done: 0, stored: 0, failedAgain: 0 };
  return { stored, failedAgain, underWay: done - stored - failedAgain };
}
