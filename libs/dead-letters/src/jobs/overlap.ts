import type { Sql } from '@esteira/postgres';
import { conditionOf, type Fragment } from '../filter.ts';
import type { JobAction, Selection } from './job.ts';

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
  readonly selection: Selection;
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
  for (const { selection: theirs, isFrozen, ...job } of active) {
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
