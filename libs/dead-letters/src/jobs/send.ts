import type { Publish } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import type { Redrivable } from '../redrivable.ts';
import { HELD, jobLost, type HeldJob } from './lease.ts';
import { bounded, type Marked } from './mark.ts';
import { redrivenMessage, type LetterToSend } from './message.ts';

/** The broker did not take what was sent; it will be sent again. */
export class NotTaken extends Error {
  override name = 'NotTaken';
}

/** Publishes what was marked and writes down that it was. @throws NotTaken, LeaseLost, or what `publish` throws */
export async function send(
  sql: Sql,
  job: Pick<HeldJob, 'id' | 'fence' | 'maxAttempts'>,
  { letters, upTo }: Marked,
  { pipeline, publish, maxAttempts }: Pick<Redrivable, 'pipeline'> & { publish: Publish; maxAttempts: number },
): Promise<void> {
  const messages = letters.map((letter) => redrivenMessage(pipeline, letter, job.maxAttempts, maxAttempts));
  const outcomes = messages.length === 0 ? [] : await publish(messages);
  const failed = outcomes.find((outcome) => outcome !== 'confirmed');
  if (failed !== undefined) throw new NotTaken(`RabbitMQ did not take what was redriven: ${failed}`);
  const rows = await sql.query(
    `UPDATE dead_letter_jobs SET sent_up_to = greatest(sent_up_to, $3) WHERE ${HELD} RETURNING 1`,
    [job.id, job.fence, upTo],
  );
  if (rows.length === 0) throw jobLost(job);
}

/**
 * What was marked and perhaps not published, as far as it fits into memory: a process ended in between. Sent again it
 * is a copy at worst, of the same id and round.
 */
export async function owed(sql: Sql, job: HeldJob, most: number): Promise<Marked> {
  const from = job.sentUpTo;
  const upTo = await bounded(sql, job, from, Math.min(job.markedUpTo, from + most));
  const letters = await sql.query<LetterToSend>(
    `SELECT coalesce(item.sent_as, item.message_id) AS "sendAs", letter.round, letter.body, letter.headers
       FROM dead_letter_job_items AS item JOIN dead_letters AS letter USING (message_id)
      WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3 AND item.outcome = 'done'
        AND letter.state = 'redriven' AND letter.round = item.round + 1
      ORDER BY item.ordinal`,
    [job.id, from, upTo],
  );
  return { upTo, letters };
}
