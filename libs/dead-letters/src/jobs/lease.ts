import { FREE, LeaseLost, heldCondition, keepLease, postgresLease, type Held, type LeasedTable } from '@esteira/lease';
import type { Sql } from '@esteira/postgres';
import type { JobAction, JobState } from './job.ts';
import { withSelection, type Selection, type StoredSelection } from './selection.ts';

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
  /** Begins anew where a job that stopped itself is resumed: what failed before is not counted again. Column `leg`. */
  readonly phase: number;
  /** The item after which it began. */
  readonly phaseFrom: number;
  readonly phaseDone: number;
  readonly canary: number;
  readonly canaryPassed: boolean;
  readonly tidied: boolean;
  /** Goes up with each holder: a write of an earlier one finds nothing to write to. */
  readonly fence: number;
}

type HeldRow = Omit<HeldJob, 'selection'> & { readonly selection: StoredSelection };

const COLUMNS = `id, pipeline, action, selection, by, why, rate_per_second AS "ratePerSecond",
  stop_at_failed_share AS share, max_attempts AS "maxAttempts", state, frozen, total, marked_up_to AS "markedUpTo",
  sent_up_to AS "sentUpTo", leg AS phase, leg_from AS "phaseFrom", leg_done AS "phaseDone", canary,
  canary_passed AS "canaryPassed", tidied, fence`;

/** Something is left to do, whatever the state: what was marked must be sent, and what was closed leaves its queue. */
const UNDONE = `(state = 'running' OR sent_up_to < marked_up_to
  OR (NOT tidied AND state IN ('finished', 'cancelled', 'stopped')))`;

const JOBS: LeasedTable = { table: 'dead_letter_jobs', key: 'id', keyType: 'bigint' };

/** What a write of the holder of a job is compared with: `$1` is its id, `$2` its fence. */
export const HELD = heldCondition(JOBS);

const leaseOf = (sql: Sql) => postgresLease(sql, JOBS, UNDONE);
const asHeld = ({ id, fence }: Pick<HeldJob, 'id' | 'fence'>): Held => ({ key: id, holder: '', token: fence });

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
  const held = await leaseOf(sql).take(id, holder, leaseMs);
  return held && findHeld(sql, { id, fence: held.token });
}

/**
 * Frees the jobs that an earlier process of this name held: it is gone, and its leases need not be waited for. Should it
 * live after all, what it still does has no effect.
 */
export function freeJobsOf(sql: Sql, pipeline: string, holder: string): Promise<void> {
  return leaseOf(sql).revoke({ sql: 'pipeline = $1 AND holder = $2', values: [pipeline, holder] });
}

/** The job as it is now. @throws LeaseLost */
export async function readHeld(sql: Sql, held: Pick<HeldJob, 'id' | 'fence'>): Promise<HeldJob> {
  const job = await findHeld(sql, held);
  if (job === undefined) throw jobLost(held);
  return job;
}

async function findHeld(sql: Sql, { id, fence }: Pick<HeldJob, 'id' | 'fence'>): Promise<HeldJob | undefined> {
  const [job] = await sql.query<HeldRow>(`SELECT ${COLUMNS} FROM dead_letter_jobs WHERE ${HELD}`, [id, fence]);
  return job && withSelection(job);
}

/** The error of a job that this process holds no more. */
export const jobLost = ({ id }: Pick<HeldJob, 'id'>): LeaseLost => new LeaseLost(`Job ${id}`);

/** What stopped a job stands there until a person lets it go on. */
const STOPPED_BY = `CASE WHEN state = 'stopped' THEN note`;

/** Holds on for `leaseMs` more, and says what the job waits for. False when it is lost. */
export async function renewJob(
  sql: Sql,
  job: Pick<HeldJob, 'id' | 'fence'>,
  leaseMs: number,
  note: string | null,
): Promise<boolean> {
  const change = { set: `note = ${STOPPED_BY} ELSE $3 END`, values: [note] };
  return (await leaseOf(sql).renew(asHeld(job), leaseMs, change)) === 'renewed';
}

/** Lets the job go, for another process to take at once. */
export function releaseJob(sql: Sql, job: Pick<HeldJob, 'id' | 'fence'>): Promise<void> {
  return leaseOf(sql).release(asHeld(job), { set: `note = ${STOPPED_BY} END`, values: [] });
}

/** A job that is held on to, in the background, for as long as its process lives. */
export interface Holding {
  /** Fires when the lease is lost. */
  readonly lost: AbortSignal;
  /** What the job waits for, in words; written down with the next renewal. */
  note: string | null;
  /** Ends the holding, and lets the job go unless it is lost. */
  end(): Promise<void>;
}

/** Renews the lease of a job in the background. */
export function hold(sql: Sql, job: HeldJob, leaseMs: number, onFault: (error: unknown) => void): Holding {
  const lost = new AbortController();
  const holding = { lost: lost.signal, note: null as string | null };
  const stopRenewing = keepLease({
    forMs: leaseMs,
    renew: async () => {
      const isOurs = await renewJob(sql, job, leaseMs, holding.note);
      if (!isOurs) lost.abort(jobLost(job));
      return isOurs;
    },
    onFault,
  });
  return Object.assign(holding, {
    end: async () => {
      await stopRenewing();
      if (!lost.signal.aborted) await releaseJob(sql, job).catch(onFault); // Otherwise its lease ends by itself.
    },
  });
}
