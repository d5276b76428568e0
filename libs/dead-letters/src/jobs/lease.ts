import type { Sql } from '@esteira/postgres';
import type { JobAction, JobState, Selection } from './job.ts';

/** Another process holds the job, or it is gone: whatever this one still does must have no effect. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';

  constructor(job: string) {
    super(`Job ${job} is held by another process now, or gone.`);
  }
}

/** A job as its holder sees it. */
export interface HeldJob {
  readonly id: string;
  readonly pipeline: string;
  readonly action: JobAction;
  readonly selection: Selection;
  readonly by: string;
  readonly why: string;
  readonly ratePerSecond: number | null;
  readonly share: number;
  readonly maxAttempts: number | null;
  readonly state: JobState;
  readonly frozen: boolean;
  readonly total: number;
  readonly markedUpTo: number;
  readonly sentUpTo: number;
  readonly leg: number;
  readonly legFrom: number;
  readonly legDone: number;
  readonly canary: number;
  readonly canaryPassed: boolean;
  readonly tidied: boolean;
  /** Goes up with each holder: a write of an earlier one finds nothing to write to. */
  readonly fence: number;
}

const COLUMNS = `id, pipeline, action, selection, by, why, rate_per_second AS "ratePerSecond",
  stop_at_failed_share AS share, max_attempts AS "maxAttempts", state, frozen, total, marked_up_to AS "markedUpTo",
  sent_up_to AS "sentUpTo", leg, leg_from AS "legFrom", leg_done AS "legDone", canary,
  canary_passed AS "canaryPassed", tidied, fence`;

/** Something is left to do, whatever the state: what was marked must be sent, and what was closed leaves its queue. */
const UNDONE = `(state = 'running' OR sent_up_to < marked_up_to
  OR (NOT tidied AND state IN ('finished', 'cancelled', 'stopped')))`;
const FREE = `(holder IS NULL OR lease_until < now())`;

/** The oldest jobs of a pipeline that nobody holds and that something is left to do of. */
export async function openJobs(sql: Sql, pipeline: string, limit: number): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `SELECT id FROM dead_letter_jobs WHERE pipeline = $1 AND ${UNDONE} AND ${FREE} ORDER BY id LIMIT $2`,
    [pipeline, limit],
  );
  return rows.map(({ id }) => id);
}

/** Takes a job for `leaseMs`; undefined when another process holds it or nothing is left to do. */
export async function claimJob(sql: Sql, id: string, holder: string, leaseMs: number): Promise<HeldJob | undefined> {
  const [job] = await sql.query<HeldJob>(
    `UPDATE dead_letter_jobs SET holder = $2, lease_until = now() + $3 * interval '1 millisecond', fence = fence + 1
      WHERE id = $1::bigint AND ${UNDONE} AND ${FREE} RETURNING ${COLUMNS}`,
    [id, holder, leaseMs],
  );
  return job;
}

/**
 * Frees the jobs that an earlier process of this name held: it is gone, and its leases need not be waited for. Should it
 * live after all, what it still does has no effect: the fence goes up.
 */
export async function freeJobsOf(sql: Sql, pipeline: string, holder: string): Promise<void> {
  await sql.query(
    `UPDATE dead_letter_jobs SET holder = NULL, lease_until = NULL, fence = fence + 1
      WHERE pipeline = $1 AND holder = $2`,
    [pipeline, holder],
  );
}

/** The job as it is now. @throws LeaseLost */
export async function readHeld(sql: Sql, { id, fence }: Pick<HeldJob, 'id' | 'fence'>): Promise<HeldJob> {
  const [job] = await sql.query<HeldJob>(
    `SELECT ${COLUMNS} FROM dead_letter_jobs WHERE id = $1::bigint AND fence = $2`,
    [id, fence],
  );
  if (job === undefined) throw new LeaseLost(id);
  return job;
}

/** What stopped a job stands there until a person lets it go on. */
const STOPPED_BY = `CASE WHEN state = 'stopped' THEN note`;

/** Holds on for `leaseMs` more, and says what the job waits for. @throws LeaseLost */
export async function renewLease(
  sql: Sql,
  { id, fence }: Pick<HeldJob, 'id' | 'fence'>,
  leaseMs: number,
  note: string | null,
): Promise<void> {
  const rows = await sql.query(
    `UPDATE dead_letter_jobs SET lease_until = now() + $3 * interval '1 millisecond',
            note = ${STOPPED_BY} ELSE $4 END
      WHERE id = $1::bigint AND fence = $2 RETURNING 1`,
    [id, fence, leaseMs, note],
  );
  if (rows.length === 0) throw new LeaseLost(id);
}

/** Lets the job go, for another process to take at once. */
export async function releaseJob(sql: Sql, { id, fence }: Pick<HeldJob, 'id' | 'fence'>): Promise<void> {
  await sql.query(
    `UPDATE dead_letter_jobs SET holder = NULL, lease_until = NULL, note = ${STOPPED_BY} END
      WHERE id = $1::bigint AND fence = $2`,
    [id, fence],
  );
}
