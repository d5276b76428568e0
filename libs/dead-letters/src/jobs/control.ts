import type { Postgres, Sql } from '@esteira/postgres';
import { recordAction } from '../actions.ts';
import { getJob, type Job, type JobState } from './job.ts';
import { canarySize } from './verdict.ts';

/** What became of a wish: the job as it is now, or why not. */
export type Controlled =
  | { readonly kind: 'done'; readonly job: Job }
  | { readonly kind: 'unknown' }
  /** In this state it can't be. */
  | { readonly kind: 'refused'; readonly job: Job };

/** Who wishes it, and why. */
export interface Wish {
  readonly by: string;
  readonly why?: string;
}

/** Pauses a job: what it has marked is still sent, nothing more is marked. */
export function pauseJob(sql: Postgres, pipeline: string, id: string, wish: Wish): Promise<Controlled> {
  return control(sql, pipeline, id, ['running'], 'paused', wish);
}

/** Cancels a job for good; what it has done stays done. */
export function cancelJob(sql: Postgres, pipeline: string, id: string, wish: Wish): Promise<Controlled> {
  return control(sql, pipeline, id, ['running', 'paused', 'stopped'], 'cancelled', wish);
}

/** Lets a paused job go on; or one that stopped itself, which then sends some first again. */
export function resumeJob(sql: Postgres, pipeline: string, id: string, wish: Wish): Promise<Controlled> {
  return control(sql, pipeline, id, ['paused', 'stopped'], 'running', wish);
}

async function control(
  sql: Postgres,
  pipeline: string,
  id: string,
  from: readonly JobState[],
  to: JobState,
  { by, why }: Wish,
): Promise<Controlled> {
  return sql.transaction(async (tx) => {
    const before = await getJob(tx, pipeline, id);
    if (before === undefined) return { kind: 'unknown' };
    const [moved] = await tx.query<{ was: JobState }>(
      `UPDATE dead_letter_jobs AS job SET state = $3, note = NULL,
              finished_at = CASE WHEN $3 = 'cancelled' THEN now() END
         FROM (SELECT id, state FROM dead_letter_jobs WHERE id = $1::bigint FOR UPDATE) AS before
        WHERE job.id = before.id AND before.state = ANY ($2::text[])
        RETURNING before.state AS was`,
      [id, from, to],
    );
    const after = (await getJob(tx, pipeline, id)) ?? before;
    if (moved === undefined) return { kind: 'refused', job: after };
    if (moved.was === 'stopped' && to === 'running') await newLeg(tx, after);
    await recordAction(tx, { pipeline, by, action: `${before.action}-${WORDS[to]}`, why: why ?? null, job: id });
    return { kind: 'done', job: (await getJob(tx, pipeline, id)) ?? after };
  });
}

const WORDS: Readonly<Record<JobState, string>> = {
  running: 'resumed',
  paused: 'paused',
  stopped: 'stopped',
  cancelled: 'cancelled',
  finished: 'finished',
};

/** What failed before is not held against it again. */
async function newLeg(sql: Sql, { id, total, handled, stopAtFailedShare }: Job): Promise<void> {
  await sql.query(
    `UPDATE dead_letter_jobs SET leg = leg + 1, leg_from = marked_up_to, leg_done = 0, canary_passed = false, canary = $2
      WHERE id = $1::bigint`,
    [id, stopAtFailedShare < 1 ? canarySize(total - handled) : 0],
  );
}
