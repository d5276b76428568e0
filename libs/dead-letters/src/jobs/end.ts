import { recordAction, type NewAction } from '../actions.ts';
import { HELD, type HeldJob } from './lease.ts';
import { onceSent, type Next, type RunningJob } from './running-job.ts';

/** Too many of those it has sent are dead again. */
export async function stopItself(run: RunningJob, job: HeldJob, failed: number): Promise<Next> {
  await endAs(run, job, { state: 'stopped', note: null, details: { failed, sent: job.phaseDone } });
  return { kind: 'step' };
}

/**
 * A server refuses what the job asks, and would refuse it again: it stops, and says why, until a person has mended that.
 * Answers whether it did. It does not where the job is at its end already, or where that can't be written down either;
 * what is left to do is tried again and again then.
 */
export async function stopForFault(run: RunningJob, job: HeldJob, error: Error): Promise<boolean> {
  const end = { state: 'stopped', note: error.message, details: { error: error.message } } as const;
  return endAs(run, job, end).catch((fault: unknown) => {
    run.options.onFault(fault);
    return false;
  });
}

/** All is marked: once all is sent too, the job has ended. */
export async function finish(run: RunningJob, job: HeldJob): Promise<Next> {
  if (run.sending !== undefined) return onceSent(run, run.sending);
  await endAs(run, job, { state: 'finished', note: null, details: { done: job.phaseDone } });
  return { kind: 'step' };
}

interface End {
  readonly state: 'stopped' | 'finished';
  readonly note: string | null;
  readonly details: NonNullable<NewAction['details']>;
}

/** False where it was paused, cancelled or ended a moment ago: the next step sees it. */
async function endAs(
  { options: { sql } }: RunningJob,
  { id, fence, pipeline, action }: HeldJob,
  { state, note, details }: End,
): Promise<boolean> {
  return sql.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE dead_letter_jobs SET state = $3, note = $4, finished_at = CASE WHEN $3 = 'finished' THEN now() END
        WHERE ${HELD} AND state = 'running' RETURNING 1`,
      [id, fence, state, note],
    );
    if (rows.length === 0) return false;
    const what = state === 'stopped' ? 'stopped-itself' : 'finished';
    await recordAction(tx, { pipeline, by: 'esteira', action: `${action}-${what}`, job: id, details });
    return true;
  });
}

/**
 * What the job closed leaves RabbitMQ's queue of dead letters. A process that held the job before may have been killed in
 * the middle of a pass: what it had taken is not seen by another pass until the broker has put it back.
 */
export async function tidyUp({ holding, options, over }: RunningJob, { id, fence }: HeldJob): Promise<void> {
  holding.note = "removes from RabbitMQ's queue of dead letters what it redrove or discarded";
  const wasHeldBefore = fence > 1;
  if (wasHeldBefore) await options.untilPutBack(over);
  if (over.aborted) return;
  await options.tidy();
  await options.sql.query(`UPDATE dead_letter_jobs SET tidied = true WHERE ${HELD}`, [id, fence]);
}

/**
 * One pass at a time, and one for all who ask while another is under way: it begins after they have asked, so that it
 * sees what they closed. A pass reads the whole queue.
 */
export function sharedPass(pass: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = () => {
    next = undefined;
    underWay = pass().finally(() => (underWay = undefined));
    return underWay;
  };
  return () => {
    if (next !== undefined) return next;
    if (underWay === undefined) return begin();
    return (next = underWay.then(begin, begin));
  };
}
