import type { Postgres } from '@esteira/postgres';
import { recordAction } from '../actions.ts';
import { JobsOverlap, overlapping } from './overlap.ts';
import { getJob, type Job, type JobAction, type Selection } from './job.ts';

/** What a person asks for. */
export interface NewJob {
  readonly action: JobAction;
  readonly selection: Selection;
  /** The name of the person's key. */
  readonly by: string;
  readonly why: string;
  /** At most so many a second; without it as fast as it goes. */
  readonly ratePerSecond?: number;
  /** 0..1. Below 1, some go first (1 %, at least 20), and the others only when these have come to a good end. */
  readonly stopAtFailedShare?: number;
  /** 1..100: what redriven messages carry; without it what each carried before. */
  readonly maxAttempts?: number;
  /** Begins even where another job has some of these dead letters before it: each takes effect once all the same. */
  readonly beside?: boolean;
}

/**
 * Starts a job: it is there at once, and whoever runs jobs takes it up. Which dead letters it is for is frozen first.
 *
 * @throws JobsOverlap where another job has some of them before it, unless it is to begin `beside` that
 */
export async function createJob(sql: Postgres, pipeline: string, job: NewJob): Promise<Job> {
  return sql.transaction(async (tx) => {
    // Of two that begin at once the second sees the first.
    await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`dead_letter_jobs ${pipeline}`]);
    const overlaps = job.beside === true ? [] : await overlapping(tx, pipeline, job.selection);
    if (overlaps.length > 0) throw new JobsOverlap(overlaps);
    const [made] = await tx.query<{ id: string }>(
      `INSERT INTO dead_letter_jobs (pipeline, action, selection, by, why, rate_per_second, stop_at_failed_share,
                                     max_attempts)
       VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8) RETURNING id`,
      [
        pipeline,
        job.action,
        JSON.stringify(job.selection),
        job.by,
        job.why,
        job.ratePerSecond ?? null,
        job.action === 'redrive' ? (job.stopAtFailedShare ?? 1) : 1,
        job.maxAttempts ?? null,
      ],
    );
    const id = made?.id ?? '';
    await recordAction(tx, { pipeline, by: job.by, action: `${job.action}-started`, why: job.why, job: id });
    const created = await getJob(tx, pipeline, id);
    if (created === undefined) throw new Error(`The job ${id} is not there after it was written.`);
    return created;
  });
}
