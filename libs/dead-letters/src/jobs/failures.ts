import type { Sql } from '@esteira/postgres';
import type { HeldJob } from './lease.ts';
import type { Sent } from './verdict.ts';

/** How many of those that this leg of a job has sent are dead again. */
export async function failedAgain(sql: Sql, { id, leg, legFrom }: HeldJob): Promise<number> {
  const [row] = await sql.query<{ failed: number }>(
    `SELECT (SELECT count(*)::int FROM dead_letters WHERE job = $1::bigint AND job_leg = $2 AND state = 'dead')
          + (SELECT count(*)::int FROM dead_letter_job_items AS item JOIN dead_letters AS again
               ON again.message_id = item.sent_as AND again.state = 'dead' AND again.round = item.round + 1
              WHERE item.job = $1::bigint AND item.ordinal > $3 AND item.sent_as IS NOT NULL) AS failed`,
    [id, leg, legFrom],
  );
  return row?.failed ?? 0;
}

/** How the canaries of this leg are. What rests under the id of one, and was made at another time, is another's. */
export async function canaries(sql: Sql, job: HeldJob, storedTable: string): Promise<Sent> {
  const [row] = await sql.query<{ stored: number }>(
    `SELECT count(*)::int AS stored FROM dead_letter_job_items AS item
       JOIN dead_letters AS letter ON letter.message_id = item.message_id
       JOIN ${storedTable} AS stored ON stored.message_id = coalesce(item.sent_as, item.message_id)
        AND stored.source_created_at = coalesce(letter.source_created_at, stored.source_created_at)
      WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3 AND item.outcome = 'done'`,
    [job.id, job.legFrom, job.markedUpTo],
  );
  return { sent: job.legDone, failed: await failedAgain(sql, job), stored: row?.stored ?? 0 };
}
