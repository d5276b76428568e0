import type { Postgres, Sql } from '@esteira/postgres';
import { recordAction } from '../actions.ts';
import { conditionOf, type Fragment } from '../filter.ts';
import { canarySize } from './canaries.ts';
import { getJob, type Job, type JobAction, type JobState } from './job.ts';
import { toStored, withSelection, type Selection, type StoredSelection } from './selection.ts';

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
        JSON.stringify(toStored(job.selection)),
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

/** A job that is not at its end, and how many of the dead letters that are asked for it has still before it. */
export interface Overlap {
  readonly job: string;
  readonly action: JobAction;
  /** `running`, or `paused` by a person. */
  readonly state: 'running' | 'paused';
  readonly by: string;
  readonly why: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly deadLetters: number;
}

/** Other jobs have some of these dead letters before them: nothing was begun. */
export class JobsOverlap extends Error {
  override name = 'JobsOverlap';
  readonly overlaps: readonly Overlap[];

  constructor(overlaps: readonly Overlap[]) {
    super(`${overlaps.map(overlapText).join(' ')} Nothing was begun.`);
    this.overlaps = overlaps;
  }
}

/** `Job 7 (redrive, running), by ana: the service is mended. It has 60 of these dead letters before it.` Pure. */
const overlapText = ({ job, action, state, by, why, deadLetters }: Overlap): string =>
  `Job ${job} (${action}, ${state}), by ${by}: ${why}. It has ${deadLetters} of these dead letters before it.`;

interface ActiveJob extends Omit<Overlap, 'deadLetters'> {
  readonly selection: StoredSelection;
  readonly isFrozen: boolean;
}

/** The jobs that run, or are paused, and have open dead letters of a selection still before them. */
export async function overlapping(sql: Sql, pipeline: string, selection: Selection): Promise<Overlap[]> {
  const active = await sql.query<ActiveJob>(
    `SELECT id::text AS job, action, state, by, why, selection, frozen AS "isFrozen",
            to_json(created_at) #>> '{}' AS "createdAt"
       FROM dead_letter_jobs WHERE pipeline = $1 AND state IN ('running', 'paused') ORDER BY id`,
    [pipeline],
  );
  const overlaps: Overlap[] = [];
  for (const { selection: theirs, isFrozen, ...job } of active.map(withSelection)) {
    const deadLetters = await shared(sql, pipeline, selection, { job: job.job, theirs, isFrozen });
    if (deadLetters > 0) overlaps.push({ ...job, deadLetters });
  }
  return overlaps;
}

/** Until a job has chosen its dead letters, all that its selection means are before it. */
async function shared(
  sql: Sql,
  pipeline: string,
  ours: Selection,
  { job, theirs, isFrozen }: { readonly job: string; readonly theirs: Selection; readonly isFrozen: boolean },
): Promise<number> {
  const asked = selected(pipeline, ours, 1);
  const next = asked.values.length + 1;
  const before: Fragment = isFrozen
    ? {
        sql: `(message_id, round) IN (SELECT item.message_id, item.round FROM dead_letter_job_items AS item
                JOIN dead_letter_jobs AS job ON job.id = item.job AND item.ordinal > job.marked_up_to
               WHERE job.id = $${next}::bigint)`,
        values: [job],
      }
    : selected(pipeline, theirs, next);
  const [row] = await sql.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM dead_letters WHERE ${asked.sql} AND ${before.sql}`,
    [...asked.values, ...before.values],
  );
  return row?.count ?? 0;
}

/** The open dead letters of a selection, as a condition with parameters from `$first` on. Pure. */
function selected(pipeline: string, selection: Selection, first: number): Fragment {
  if ('filter' in selection) return conditionOf(pipeline, { ...selection.filter, state: 'dead' }, first);
  const open = conditionOf(pipeline, { state: 'dead' }, first);
  const values = [...open.values, selection.messageIds];
  return { sql: `${open.sql} AND message_id = ANY ($${first + values.length - 1}::uuid[])`, values };
}

/** What became of a command: the job as it is now, or why not. */
export type CommandOutcome =
  | { readonly kind: 'done'; readonly job: Job }
  | { readonly kind: 'unknown' }
  /** In this state it can't be. */
  | { readonly kind: 'refused'; readonly job: Job };

/** Who gives a command, and why. */
export interface JobCommand {
  readonly by: string;
  readonly why?: string;
}

/** Pauses a job: what it has marked is still sent, nothing more is marked. */
export function pauseJob(sql: Postgres, pipeline: string, id: string, command: JobCommand): Promise<CommandOutcome> {
  return control(sql, pipeline, id, ['running'], 'paused', command);
}

/** Cancels a job for good; what it has done stays done. */
export function cancelJob(sql: Postgres, pipeline: string, id: string, command: JobCommand): Promise<CommandOutcome> {
  return control(sql, pipeline, id, ['running', 'paused', 'stopped'], 'cancelled', command);
}

/** Lets a paused job go on; or one that stopped itself, which then sends some first again. */
export function resumeJob(sql: Postgres, pipeline: string, id: string, command: JobCommand): Promise<CommandOutcome> {
  return control(sql, pipeline, id, ['paused', 'stopped'], 'running', command);
}

async function control(
  sql: Postgres,
  pipeline: string,
  id: string,
  from: readonly JobState[],
  to: JobState,
  { by, why }: JobCommand,
): Promise<CommandOutcome> {
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
    if (moved.was === 'stopped' && to === 'running') await beginPhase(tx, after);
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
async function beginPhase(sql: Sql, { id, total, handled, stopAtFailedShare }: Job): Promise<void> {
  await sql.query(
    `UPDATE dead_letter_jobs SET leg = leg + 1, leg_from = marked_up_to, leg_done = 0, canary_passed = false, canary = $2
      WHERE id = $1::bigint`,
    [id, stopAtFailedShare < 1 ? canarySize(total - handled) : 0],
  );
}
