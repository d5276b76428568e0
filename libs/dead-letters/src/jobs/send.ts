import {
  HEADER,
  laneOf,
  maxAttemptsOf,
  typeOf,
  MAX_MAX_ATTEMPTS,
  writeHeaders,
  type OutgoingMessage,
  type Pipeline,
  type Publish,
  type WireHeaders,
} from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import type { Redrivable } from '../redrivable.ts';
import { HELD, jobLost, type HeldJob } from './lease.ts';
import { noteMarked, wayOf } from './lanes.ts';
import { bounded, markNext, type MarkedDeadLetter, type Marked } from './mark.ts';
import { BATCH, handled, unlessItMoved, type Next, type RunningJob } from './running-job.ts';

/** Marks a batch as fast as it may, of what goes to lanes that have room, and publishes it while the next one is marked. */
export async function markAndSend(run: RunningJob, job: HeldJob): Promise<Next> {
  const { sql, redrivable, batch = BATCH } = run.options;
  const left = job.canary > 0 && !job.canaryPassed ? job.canary - job.phaseDone : Infinity;
  const allowed = run.pace.allow(Math.min(batch, left), performance.now());
  if ('waitMs' in allowed) return { kind: 'wait', ms: allowed.waitMs, note: null };
  const way = await wayOf(run, job, allowed.count);
  if (way.kind === 'wait') return way.next;
  const marked = await markNext(sql, job, redrivable, way.stretch).catch(unlessItMoved(run, job));
  if (marked === undefined) return { kind: 'step' };
  noteMarked(run, marked, way);
  run.pace.spend(marked.done);
  const before = run.sending;
  run.sending = handled(sendAfter(run, job, marked, before));
  return before === undefined ? { kind: 'step' } : { kind: 'sent', sent: before };
}

async function sendAfter(
  { options }: RunningJob,
  job: HeldJob,
  marked: Marked,
  before: Promise<void> | undefined,
): Promise<void> {
  await before;
  await send(options.sql, job, marked, { ...options, pipeline: options.redrivable.pipeline });
}

/** Publishes what an earlier process marked, or this one when it could not publish it. */
export async function sendRemaining({ options }: RunningJob, job: HeldJob): Promise<Next> {
  const { sql, redrivable, batch = BATCH } = options;
  const some = await unsent(sql, job, batch);
  return { kind: 'sent', sent: handled(send(sql, job, some, { ...options, pipeline: redrivable.pipeline })) };
}

/** The broker did not take what was sent; it will be sent again. */
class PublishRefused extends Error {
  override name = 'PublishRefused';
}

/** Publishes what was marked and writes down that it was. @throws PublishRefused, LeaseLost, or what `publish` throws */
async function send(
  sql: Sql,
  job: Pick<HeldJob, 'id' | 'fence' | 'maxAttempts'>,
  { toSend, upTo }: Marked,
  { pipeline, publish, maxAttempts }: Pick<Redrivable, 'pipeline'> & { publish: Publish; maxAttempts: number },
): Promise<void> {
  const messages = toSend.map((one) => redrivenMessage(pipeline, one, job.maxAttempts, maxAttempts));
  const outcomes = messages.length === 0 ? [] : await publish(messages);
  const failed = outcomes.find((outcome) => outcome !== 'confirmed');
  if (failed !== undefined) throw new PublishRefused(`RabbitMQ did not take what was redriven: ${failed}`);
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
async function unsent(sql: Sql, job: HeldJob, most: number): Promise<Marked> {
  const from = job.sentUpTo;
  const upTo = await bounded(sql, job, from, Math.min(job.markedUpTo, from + most));
  const toSend = await sql.query<MarkedDeadLetter>(
    `SELECT coalesce(item.sent_as, item.message_id) AS "sendAs", dead.lane, dead.type, dead.round, dead.body, dead.headers
       FROM dead_letter_job_items AS item JOIN dead_letters AS dead USING (message_id)
      WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3 AND item.outcome = 'done'
        AND dead.state = 'redriven' AND dead.round = item.round + 1
      ORDER BY item.ordinal`,
    [job.id, from, upTo],
  );
  return { upTo, toSend };
}

/**
 * The message of a redriven dead letter: its body, of its type, to the lane that it came from, with the headers of a first attempt in
 * its round. `maxAttempts` is what it carries if it is given; otherwise what it carried before; where that can't be
 * read, what its lane says, or else `usually`. Pure.
 */
export function redrivenMessage(
  pipeline: Pipeline,
  { sendAs, lane, type, round, body, headers }: MarkedDeadLetter,
  maxAttempts: number | null,
  usually: number,
): OutgoingMessage {
  const { name, schemaVersion } = typeOf(pipeline, type);
  const goesTo = laneOf(pipeline, lane);
  const traceparent = headers[HEADER.traceparent];
  return {
    messageId: sendAs,
    type: name,
    lane: goesTo,
    body,
    headers: writeHeaders({
      schemaVersion,
      attempt: 1,
      maxAttempts: maxAttempts ?? carried(headers) ?? maxAttemptsOf(pipeline, goesTo, usually),
      round,
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
    }),
  };
}

function carried(headers: WireHeaders): number | undefined {
  const value = headers[HEADER.maxAttempts];
  const isOne = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_MAX_ATTEMPTS;
  return isOne ? value : undefined;
}
