import type { Postgres, Sql } from '@esteira/postgres';
import { conditionOf } from '../filter.ts';
import { canarySize } from './canaries.ts';
import { HELD, jobLost, type HeldJob } from './lease.ts';

/** Dead letters chosen in one transaction: a million are no statement that anything waits for. */
const CHOSEN_AT_ONCE = 20_000;

/**
 * Chooses the next dead letters of a job, in the order of their ids: each is looked at once, so what dies meanwhile
 * makes it no longer. Where none are left the choice is frozen. @throws LeaseLost
 */
export async function freezeSome(sql: Postgres, job: HeldJob, atOnce = CHOSEN_AT_ONCE): Promise<void> {
  await sql.transaction(async (tx) => {
    const { chosen, last } =
      'messageIds' in job.selection ? await chooseIds(tx, job) : await chooseNext(tx, job, atOnce);
    const total = job.total + chosen;
    const isLast = 'messageIds' in job.selection || chosen < atOnce;
    const canary = isLast && job.share < 1 ? canarySize(total) : 0;
    const rows = await tx.query(
      `UPDATE dead_letter_jobs SET total = $3, frozen_after = coalesce($4::uuid, frozen_after), frozen = $5, canary = $6
        WHERE ${HELD} AND state = 'running' RETURNING 1`,
      [job.id, job.fence, total, last, isLast, canary],
    );
    if (rows.length === 0) throw jobLost(job);
  });
}

interface Chosen {
  readonly chosen: number;
  readonly last: string | null;
}

async function chooseNext(sql: Sql, job: HeldJob, atOnce: number): Promise<Chosen> {
  const filter = 'filter' in job.selection ? job.selection.filter : {};
  const condition = conditionOf(job.pipeline, { ...filter, state: 'dead' }, 4);
  const [row] = await sql.query<Chosen>(
    `WITH next AS MATERIALIZED (
       SELECT message_id, round FROM dead_letters
        WHERE ${condition.sql} AND message_id > (SELECT frozen_after FROM dead_letter_jobs WHERE id = $1::bigint)
        ORDER BY message_id LIMIT $3
     ), written AS (
       INSERT INTO dead_letter_job_items (job, ordinal, message_id, round)
       SELECT $1::bigint, $2 + row_number() OVER (ORDER BY message_id), message_id, round FROM next
     )
     SELECT count(*)::int AS chosen, (SELECT message_id FROM next ORDER BY message_id DESC LIMIT 1) AS last FROM next`,
    [job.id, job.total, atOnce, ...condition.values],
  );
  return row ?? { chosen: 0, last: null };
}

/** Those that are not dead are chosen too, and found to have moved: so each that was named is accounted for. */
async function chooseIds(sql: Sql, job: HeldJob): Promise<Chosen> {
  const ids = 'messageIds' in job.selection ? job.selection.messageIds : [];
  const rows = await sql.query(
    `INSERT INTO dead_letter_job_items (job, ordinal, message_id, round)
     SELECT $1::bigint, row_number() OVER (ORDER BY named.id), named.id, coalesce(dead.round, 0)
       FROM (SELECT DISTINCT unnest($2::uuid[]) AS id) AS named
       LEFT JOIN dead_letters AS dead ON dead.message_id = named.id AND dead.pipeline = $3
     RETURNING 1`,
    [job.id, ids, job.pipeline],
  );
  return { chosen: rows.length, last: null };
}
