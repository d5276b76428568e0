import type { Sql } from '@esteira/postgres';

/** Removes all dead letters of a pipeline, their history and jobs too, and what is remembered of messages that came back. */
export async function clearDeadLetters(sql: Sql, pipeline: string): Promise<void> {
  await sql.query(
    'DELETE FROM dead_letter_job_items AS item USING dead_letter_jobs AS owner WHERE item.job = owner.id AND owner.pipeline = $1',
    [pipeline],
  );
  for (const table of ['dead_letter_jobs', 'operator_actions', 'dead_letters', 'trials']) {
    await sql.query(`DELETE FROM ${table} WHERE pipeline = $1`, [pipeline]);
  }
}
