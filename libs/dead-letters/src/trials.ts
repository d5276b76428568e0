import type { Sql } from '@esteira/postgres';

/**
 * Trials find the message that kills its consumer. A crash returns everything that was prefetched; before such
 * messages are handled again, a row each is committed, and removed when the handling has ended in any orderly way. A
 * row that is found at the next try was left by a crash: its message is a suspect, and is handled alone from then on.
 */

/** How often a consumer ended while it handled a suspect. */
export interface CrashesCounted {
  /** While it was alone, since it last outlasted that. */
  readonly alone: number;
  /** While no other suspect ran beside it, but other messages did. */
  readonly beside: number;
}

/** Which of these messages were being handled when a consumer ended, and what counts against them. */
export async function suspects(sql: Sql, keys: readonly string[]): Promise<Map<string, CrashesCounted>> {
  const rows = await sql.query<CrashesCounted & { key: string }>(
    'SELECT key, crashes AS alone, crashes_beside AS beside FROM trials WHERE key = ANY ($1::uuid[])',
    [keys],
  );
  return new Map(rows.map(({ key, alone, beside }) => [key, { alone, beside }]));
}

/** Commits that messages are about to be handled together. */
export async function beginTrial(sql: Sql, pipeline: string, keys: readonly string[]): Promise<void> {
  await sql.query('INSERT INTO trials (key, pipeline) SELECT unnest($2::uuid[]), $1 ON CONFLICT (key) DO NOTHING', [
    pipeline,
    keys,
  ]);
}

/** Commits that a suspect is about to be handled alone: one more crash, until `endTrial` says otherwise. */
export async function beginLoneTrial(sql: Sql, pipeline: string, key: string): Promise<void> {
  await sql.query(
    `INSERT INTO trials (key, pipeline, crashes) VALUES ($2, $1, 1)
     ON CONFLICT (key) DO UPDATE SET crashes = trials.crashes + 1, began_at = now()`,
    [pipeline, key],
  );
}

/**
 * A suspect was alone, and its consumer lives: it does not end it at once, so nothing counts that did while it was alone.
 *
 * @param isOnly no other suspect runs beside it: one more crash beside others, until `endTrial` says otherwise.
 */
export async function outlastTrial(sql: Sql, key: string, isOnly: boolean): Promise<void> {
  await sql.query('UPDATE trials SET crashes = 0, crashes_beside = crashes_beside + $2 WHERE key = $1', [
    key,
    isOnly ? 1 : 0,
  ]);
}

/** Takes back the crash that is counted in advance: one from now on does not count, though the message stays a suspect. */
export async function spareTrial(sql: Sql, key: string, counted: keyof CrashesCounted): Promise<void> {
  const column = counted === 'alone' ? 'crashes' : 'crashes_beside';
  await sql.query(`UPDATE trials SET ${column} = ${column} - 1 WHERE key = $1 AND ${column} > 0`, [key]);
}

/**
 * How long a row is kept, at most. A row that a kill from outside left behind is removed when its message comes back;
 * one whose message was handled by a consumer that was not told, or was purged, would stay for ever. A message that was
 * given back comes again as soon as any consumer runs, so what is a week old tells of nothing that is under way. Should
 * all consumers have been away for so long, a message that ends its consumer is only counted anew.
 */
const KEPT = '7 days';

/** Removes rows that nothing will ask for any more. To be done when a consumer starts. */
export async function forgetOldTrials(sql: Sql, pipeline: string): Promise<void> {
  await sql.query('DELETE FROM trials WHERE pipeline = $1 AND began_at < now() - $2::interval', [pipeline, KEPT]);
}

/** The handling ended, well or by a fault, but not by a crash. */
export async function endTrial(sql: Sql, keys: readonly string[]): Promise<void> {
  await sql.query('DELETE FROM trials WHERE key = ANY ($1::uuid[])', [keys]);
}
