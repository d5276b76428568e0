import { recordAction, type NewAction } from '../actions.ts';
import { HELD, type HeldJob } from './lease.ts';
import { onceSent, type Next, type RunningJob } from './running-job.ts';

/** Too many of those it has sent are dead again. */
export async function stopItself(run: RunningJob, job: HeldJob, failed: number): Promise<Next> {
  await endAs(run, job, { state: 'stopped', note: null, details: { failed, sent: job.legDone } });
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
  await endAs(run, job, { state: 'finished', note: null, details: { done: job.legDone } });
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
