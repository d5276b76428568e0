import { ForeignCursor, pageOf, type Page } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { MOST_ITEMS } from '../page.ts';
import type { Redrivable } from '../redrivable.ts';
import { withSelection, type Selection, type StoredSelection } from './selection.ts';

export type JobAction = 'redrive' | 'discard';

/**
 * `running` until all is done; `paused` by a person; `stopped` by itself, since too much failed again or a server refuses
 * what it asks; both may be resumed. `cancelled` and `finished` are the ends.
 */
export type JobState = 'running' | 'paused' | 'stopped' | 'cancelled' | 'finished';

/** A job, as it stands. Times are ISO 8601 text. */
export interface Job {
  readonly id: string;
  readonly pipeline: string;
  readonly action: JobAction;
  readonly selection: Selection;
  /** The name of the key of who started it. */
  readonly by: string;
  readonly why: string;
  /** Null: as fast as it goes. */
  readonly ratePerSecond: number | null;
  /** It stops itself when more than this share of what it has sent is dead again, 0..1; 1: never. */
  readonly stopAtFailedShare: number;
  /** What redriven messages carry; null: what each carried before. */
  readonly maxAttempts: number | null;
  readonly state: JobState;
  /** Whether `total` is final: which dead letters it is for stands fast. */
  readonly isFrozen: boolean;
  readonly total: number;
  /** How many of them it has dealt with: `done` and `unchanged`. */
  readonly handled: number;
  /** Redriven or discarded. */
  readonly done: number;
  /** Dealt with, and nothing was changed. */
  readonly unchanged: {
    /** They are stored already. */
    readonly atRest: number;
    /** No longer dead, in another round, or gone. */
    readonly moved: number;
    /** No consumer could read them: they need an edit first. */
    readonly unreadable: number;
  };
  /** How many of those it redrove are dead again. */
  readonly failedAgain: number;
  /** How many are sent before the others, and whether they have come to a good end. Null where none are. */
  readonly canary: { readonly size: number; readonly hasPassed: boolean } | null;
  /** What it waits for, or what a server refused when it stopped, in words; null where neither is so. */
  readonly note: string | null;
  /** Whether RabbitMQ's queue of dead letters shows what the table shows, as far as this job is concerned. */
  readonly isTidy: boolean;
  /** Which process runs it now; null where none does. */
  readonly holder: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

/** A {@link Job} as its columns of `dead_letter_jobs AS job` tell it. */
type JobRow = Omit<Job, 'selection'> & { readonly selection: StoredSelection };

const JOB_COLUMNS = `
  job.id, job.pipeline, job.action, job.selection, job.by, job.why, job.rate_per_second AS "ratePerSecond",
  job.stop_at_failed_share AS "stopAtFailedShare", job.max_attempts AS "maxAttempts", job.state,
  job.frozen AS "isFrozen", job.total - job.put_off AS total, job.marked_up_to - job.put_off AS handled, job.done,
  json_build_object('atRest', job.at_rest, 'moved', job.moved, 'unreadable', job.unreadable) AS unchanged,
  (SELECT count(*)::int FROM dead_letters WHERE dead_letters.job = job.id AND state = 'dead')
    + (SELECT count(*)::int FROM dead_letter_job_items AS item JOIN dead_letters AS again
         ON again.message_id = item.sent_as AND again.state = 'dead' AND again.round = item.round + 1
        WHERE item.job = job.id AND item.sent_as IS NOT NULL) AS "failedAgain",
  CASE WHEN job.canary > 0 THEN json_build_object('size', job.canary, 'hasPassed', job.canary_passed) END AS canary,
  job.note, job.tidied AS "isTidy", CASE WHEN job.lease_until > now() THEN job.holder END AS holder,
  to_json(job.created_at) #>> '{}' AS "createdAt", to_json(job.finished_at) #>> '{}' AS "finishedAt"`;

/** One job of a pipeline; undefined where it has none of this id. */
export async function getJob(sql: Sql, pipeline: string, id: string): Promise<Job | undefined> {
  if (!isJobId(id)) return undefined;
  const [job] = await sql.query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM dead_letter_jobs AS job WHERE pipeline = $1 AND id = $2::bigint`,
    [pipeline, id],
  );
  return job && withSelection(job);
}

/** A page of jobs, newest first; `limit` 1..500. @throws ForeignCursor when the cursor is none. */
export async function listJobs(
  sql: Sql,
  pipeline: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<Job>> {
  if (cursor !== undefined && !isJobId(cursor)) throw new ForeignCursor();
  const most = Math.min(Math.max(1, limit), MOST_ITEMS);
  const jobs = await sql.query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM dead_letter_jobs AS job
      WHERE pipeline = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [pipeline, cursor ?? null, most + 1],
  );
  return pageOf(jobs.map(withSelection), most, ({ id }) => id);
}

/** Whether a text can be the id of a job. */
export function isJobId(text: string): boolean {
  return /^[1-9]\d{0,17}$/.test(text);
}

/** What has become of the dead letters that a job redrove. */
export interface JobResult {
  readonly stored: number;
  readonly failedAgain: number;
  readonly underWay: number;
}

/** Looks up where everything is that a job redrove: a join over its items, so a second or two for a million. */
export async function jobResult(sql: Sql, { atRest }: Redrivable, id: string): Promise<JobResult> {
  const [row] = await sql.query<{ done: number; stored: number; failedAgain: number }>(
    `SELECT count(*)::int AS done, count(stored.message_id)::int AS stored,
            count(*) FILTER (WHERE stored.message_id IS NULL
                               AND (again.state = 'dead' OR renamed.state = 'dead'))::int AS "failedAgain"
       FROM dead_letter_job_items AS item
       LEFT JOIN dead_letters AS dead ON dead.message_id = item.message_id
       LEFT JOIN ${atRest.view} AS stored ON stored.message_id = coalesce(item.sent_as, item.message_id)
        AND (dead.incarnation IS NULL OR dead.incarnation = stored.incarnation)
       LEFT JOIN dead_letters AS again ON again.message_id = item.message_id AND again.round > item.round
       LEFT JOIN dead_letters AS renamed ON renamed.message_id = item.sent_as AND renamed.round > item.round
      WHERE item.job = $1::bigint AND item.outcome = 'done'`,
    [id],
  );
  const { done, stored, failedAgain } = row ?? { done: 0, stored: 0, failedAgain: 0 };
  return { stored, failedAgain, underWay: done - stored - failedAgain };
}
