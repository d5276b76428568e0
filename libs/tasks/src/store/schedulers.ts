import type { Sql } from '@esteira/postgres';
import { tasksPipeline } from '../pipeline.ts';

/** The role under which schedulers register. */
export const SCHEDULER_ROLE = 'scheduler';

/** After so many seconds without a heartbeat a scheduler counts as gone, and the others own what it owned. */
export const GONE_SECONDS = 10;

/** The schedulers that live, by the time of the store. */
export async function livingSchedulers(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ worker: string }>(
    `SELECT worker FROM processes
      WHERE pipeline = $1 AND role = $2 AND seen_at > now() - $3 * interval '1 second' ORDER BY worker`,
    [tasksPipeline.name, SCHEDULER_ROLE, GONE_SECONDS],
  );
  return rows.map(({ worker }) => worker);
}
