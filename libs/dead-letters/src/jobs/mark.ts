import type { WireHeaders } from '@esteira/pipeline';
import type { Postgres, Sql } from '@esteira/postgres';
import type { DeadLetterState } from '../filter.ts';
import { readIdentity, type Redrivable } from '../redrivable.ts';
import type { JobAction } from './job.ts';
import type { Stretch } from './lanes.ts';
import { HELD, jobLost, type HeldJob } from './lease.ts';

/** Bodies that are held at once, in bytes. */
const BYTES_AT_ONCE = 16 * 2 ** 20;

/** A dead letter that is to be sent: its body, and the round that begins. */
export interface MarkedDeadLetter {
  /** The id that its body proves. */
  readonly sendAs: string;
  /** The lane it came from; null where that was not written down. */
  readonly lane: string | null;
  /** The AMQP type that it had; null where that was not written down. */
  readonly type: string | null;
  readonly round: number;
  readonly body: Buffer;
  readonly headers: WireHeaders;
}

/** What was marked: up to which item, and what is to be published. */
export interface Marked {
  readonly upTo: number;
  readonly toSend: readonly MarkedDeadLetter[];
}

/** How many of them took effect, too: of a discard nothing is published. */
interface MarkedNext extends Marked {
  readonly done: number;
}

interface Row extends Candidate {
  readonly ordinal: number;
  readonly messageId: string;
  readonly lane: string | null;
  readonly headers: WireHeaders;
}

type Judged = Row & ItemOutcome;

/**
 * Marks the next items of a job: `dead` becomes `redriven` with the next round, or `discarded`, each with its entry in
 * the history; in one transaction with the job's position, so that nothing takes effect twice. What is dead no longer,
 * or in another round than when it was chosen, is left alone. What is put off stands once more at the end.
 *
 * No `lockToWriteDeadLetters`, which would hold back all storing: each row is locked, in the order of ids as `writeDeadLetters` and
 * `supersede` do, and compared. Whoever comes second sees what the first one wrote: a copy that is stored meanwhile
 * supersedes either state, and a copy that dies is of an earlier round.
 *
 * @throws LeaseLost when the job is no longer held, or no longer running.
 */
export async function markNext(
  sql: Postgres,
  job: HeldJob,
  redrivable: Redrivable,
  stretch: Stretch,
): Promise<MarkedNext> {
  const from = job.markedUpTo;
  const { putOff } = stretch;
  const upTo = await bounded(sql, job, from, stretch.upTo, putOff);
  return sql.transaction(async (tx) => {
    const rows = await lockedRows(tx, job, redrivable, { upTo, putOff });
    const judged = rows.map((row): Judged => ({ ...row, ...judgeItem(job.action, row, redrivable) }));
    await write(tx, job, judged, { upTo, putOff });
    const toSend = judged.flatMap((one) =>
      one.outcome === 'done' && one.sendAs !== null ? [toSendOf(one, one.sendAs)] : [],
    );
    return { upTo, toSend, done: judged.filter(({ outcome }) => outcome === 'done').length };
  });
}

const toSendOf = ({ lane, type, round, body, headers }: Row, sendAs: string): MarkedDeadLetter => ({
  ...{ sendAs, lane, type, headers },
  round: round + 1,
  body: body ?? Buffer.alloc(0),
});

/** How far to go, so that the bodies fit into memory; those of `without` are not read. */
export async function bounded(
  sql: Sql,
  { id, action }: HeldJob,
  from: number,
  upTo: number,
  without: readonly number[] = [],
): Promise<number> {
  if (action === 'discard') return upTo;
  const [row] = await sql.query<{ upTo: number | null }>(
    `SELECT max(ordinal) AS "upTo" FROM (
       SELECT ordinal, sum(bytes) OVER (ORDER BY ordinal) - bytes AS before
         FROM (SELECT item.ordinal,
                      CASE WHEN item.ordinal = ANY ($4::int[]) THEN 0 ELSE coalesce(octet_length(dead.body), 0) END AS bytes
                 FROM dead_letter_job_items AS item LEFT JOIN dead_letters AS dead USING (message_id)
                WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3) AS items) AS sized
      WHERE before < ${BYTES_AT_ONCE}`,
    [id, from, upTo, without],
  );
  return row?.upTo ?? upTo;
}

function lockedRows(sql: Sql, job: HeldJob, { atRest }: Redrivable, { upTo, putOff }: Stretch): Promise<Row[]> {
  const content = job.action === 'redrive' ? 'dead.body, dead.headers' : 'NULL AS body, NULL AS headers';
  return sql.query<Row>(
    `SELECT item.ordinal, item.round AS "chosenRound", dead.message_id AS "messageId", dead.lane, dead.type, dead.state, dead.round,
            stored.message_id IS NOT NULL AS "isStored", ${content}
       FROM dead_letter_job_items AS item
       JOIN dead_letters AS dead ON dead.message_id = item.message_id AND dead.pipeline = $4
       LEFT JOIN ${atRest.view} AS stored
         ON stored.message_id = dead.message_id AND stored.incarnation IS NOT DISTINCT FROM dead.incarnation
      WHERE item.job = $1::bigint AND item.ordinal > $2 AND item.ordinal <= $3 AND item.ordinal <> ALL ($5::int[])
      ORDER BY dead.message_id FOR UPDATE OF dead`,
    [job.id, job.markedUpTo, upTo, job.pipeline, putOff],
  );
}

/** Items without a dead letter have moved, like those whose state has. */
async function write(sql: Sql, job: HeldJob, judged: readonly Judged[], { upTo, putOff }: Stretch): Promise<void> {
  const rows = await sql.query(WRITE, [
    job.id,
    job.fence,
    job.markedUpTo,
    upTo,
    JSON.stringify(
      judged.map((one) => ({
        ordinal: one.ordinal,
        message_id: one.messageId,
        outcome: one.outcome,
        sent_as: one.outcome === 'done' && one.sendAs !== one.messageId ? one.sendAs : null,
      })),
    ),
    putOff,
  ]);
  if (rows.length === 0) throw jobLost(job);
}

const WRITE = `
  WITH held AS (
    SELECT * FROM dead_letter_jobs
     WHERE ${HELD} AND state = 'running' AND marked_up_to = $3 FOR UPDATE
  ), judged AS MATERIALIZED (
    SELECT item.job, item.ordinal, item.message_id, item.round, given.sent_as,
           CASE WHEN item.ordinal = ANY ($6::int[]) THEN 'put-off' ELSE coalesce(given.outcome, 'moved') END AS outcome
      FROM dead_letter_job_items AS item
      JOIN held ON item.job = held.id
      LEFT JOIN jsonb_to_recordset($5::jsonb) AS given (ordinal int, outcome text, sent_as uuid)
        ON given.ordinal = item.ordinal
     WHERE item.ordinal > $3 AND item.ordinal <= $4
  ), items AS (
    UPDATE dead_letter_job_items AS item SET outcome = judged.outcome, sent_as = judged.sent_as
      FROM judged WHERE item.job = judged.job AND item.ordinal = judged.ordinal
  ), put_off AS (
    INSERT INTO dead_letter_job_items (job, ordinal, message_id, round)
    SELECT judged.job, held.total + row_number() OVER (ORDER BY judged.ordinal), judged.message_id, judged.round
      FROM judged JOIN held ON judged.outcome = 'put-off'
  ), changed AS (
    UPDATE dead_letters AS dead
       SET state = CASE held.action WHEN 'redrive' THEN 'redriven' ELSE 'discarded' END,
           round = dead.round + (held.action = 'redrive')::int, job = held.id, job_leg = held.leg,
           history = dead.history || jsonb_build_object(
             'action', CASE held.action WHEN 'redrive' THEN 'redriven' ELSE 'discarded' END, 'at', now(),
             'round', dead.round + (held.action = 'redrive')::int, 'by', held.by, 'why', held.why,
             'job', held.id::text)
      FROM judged JOIN held ON judged.outcome = 'done'
     WHERE dead.message_id = judged.message_id AND dead.state = 'dead'
  ), counted AS (
    SELECT count(*) FILTER (WHERE outcome = 'done') AS done, count(*) FILTER (WHERE outcome = 'at-rest') AS at_rest,
           count(*) FILTER (WHERE outcome = 'moved') AS moved,
           count(*) FILTER (WHERE outcome = 'unreadable') AS unreadable,
           count(*) FILTER (WHERE outcome = 'put-off') AS put_off
      FROM judged
  )
  UPDATE dead_letter_jobs AS job
     SET marked_up_to = $4, sent_up_to = CASE job.action WHEN 'discard' THEN $4 ELSE job.sent_up_to END,
         done = job.done + counted.done, leg_done = job.leg_done + counted.done,
         at_rest = job.at_rest + counted.at_rest, moved = job.moved + counted.moved,
         unreadable = job.unreadable + counted.unreadable,
         total = job.total + counted.put_off, put_off = job.put_off + counted.put_off, tidied = job.tidied AND counted.done = 0
    FROM held, counted WHERE job.id = held.id
  RETURNING 1`;

/** A dead letter that a job has come to, as it is now. */
interface Candidate {
  readonly state: DeadLetterState;
  /** The round it is in now, and the one it was in when it was chosen. */
  readonly round: number;
  readonly chosenRound: number;
  /** Whether this very message is stored. */
  readonly isStored: boolean;
  /** The AMQP type that it had; null where that was not written down. */
  readonly type: string | null;
  /** Null where it does not matter. */
  readonly body: Buffer | null;
}

/** What a job does with a dead letter. Only `done` changes anything; `sendAs` is the id that its body proves. */
type ItemOutcome =
  | { readonly outcome: 'done'; readonly sendAs: string | null }
  | { readonly outcome: 'at-rest' | 'moved' | 'unreadable' };

/** Decides what a job does with a dead letter. Pure. */
function judgeItem(action: JobAction, candidate: Candidate, redrivable: Redrivable): ItemOutcome {
  const { state, round, chosenRound, isStored, body, type } = candidate;
  if (state !== 'dead' || round !== chosenRound) return { outcome: 'moved' };
  if (isStored) return { outcome: 'at-rest' };
  if (action === 'discard') return { outcome: 'done', sendAs: null };
  const identity = readIdentity(redrivable, { body: body ?? Buffer.alloc(0), type });
  // It would be dead again at once, and one without an id of its own under another one.
  return 'problem' in identity ? { outcome: 'unreadable' } : { outcome: 'done', sendAs: identity.messageId };
}
