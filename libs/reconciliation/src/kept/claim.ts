import type { Postgres, Sql } from '@esteira/postgres';
import type { ReconcileProgress, UnrestedRow } from '../reconcile.ts';
import { isAtRest, isConsistent, type Reconciliation } from '../report.ts';
import { SILENCE_S, type KeptState } from './kept.ts';

/** How many reconciliations are kept; older ones are removed when one begins. */
const KEPT = 20;

/** Who starts a reconciliation, and on what condition. */
export interface ClaimOptions {
  readonly by: string;
  /** On a schedule: only if none has begun within so many milliseconds. Absent: somebody asked for it. */
  readonly unlessWithinMs?: number;
}

/** Whether it was this process that got to run it. `not-due`: one has begun lately. */
export type Claim =
  | { readonly kind: 'claimed'; readonly id: string }
  | { readonly kind: 'already-running'; readonly id: string }
  | { readonly kind: 'not-due' };

/** Another process has taken the reconciliation for interrupted, and gone on. */
export class ClaimLost extends Error {
  override name = 'ClaimLost';

  constructor(id: string) {
    super(`Reconciliation ${id} is not this process's any more: it was silent for ${SILENCE_S} s. Start another.`);
  }
}

/** Of one that has just begun. */
export const NO_PROGRESS: ReconcileProgress = { phase: 'reading', system: null, rows: 0, estimate: 0 };

/**
 * Claims the right to reconcile a pipeline: one process at a time has it. A process that vanished loses it after
 * {@link SILENCE_S} seconds.
 */
export async function claim(endput: Postgres, pipeline: string, options: ClaimOptions): Promise<Claim> {
  await endput.query(
    `UPDATE reconciliations SET state = 'interrupted', ended_at = beat_at
      WHERE pipeline = $1 AND state = 'running' AND beat_at < now() - $2 * interval '1 s'`,
    [pipeline, SILENCE_S],
  );
  const withinMs = options.unlessWithinMs ?? null;
  const [claimed] = await endput.query<{ id: string }>(
    `INSERT INTO reconciliations (pipeline, started_by, is_scheduled, progress)
     SELECT $1, $2, $3::float8 IS NOT NULL, $4
      WHERE $3::float8 IS NULL
         OR NOT EXISTS (SELECT FROM reconciliations
                         WHERE pipeline = $1 AND started_at > now() - $3::float8 * interval '1 ms')
     ON CONFLICT (pipeline) WHERE state = 'running' DO NOTHING
     RETURNING id`,
    [pipeline, options.by, withinMs, JSON.stringify(NO_PROGRESS)],
  );
  if (claimed !== undefined) {
    await removeOld(endput, pipeline);
    return { kind: 'claimed', id: claimed.id };
  }
  const [running] = await endput.query<{ id: string }>(
    `SELECT id FROM reconciliations WHERE pipeline = $1 AND state = 'running'`,
    [pipeline],
  );
  return running === undefined ? { kind: 'not-due' } : { kind: 'already-running', id: running.id };
}

async function removeOld(endput: Postgres, pipeline: string): Promise<void> {
  await endput.query(
    `WITH old AS (
       DELETE FROM reconciliations
        WHERE id IN (SELECT id FROM reconciliations WHERE pipeline = $1 ORDER BY started_at DESC, id DESC OFFSET ${KEPT})
       RETURNING id
     ), days AS (
       DELETE FROM reconciliation_days WHERE reconciliation IN (SELECT id FROM old)
     )
     DELETE FROM reconciliation_rows WHERE reconciliation IN (SELECT id FROM old)`,
    [pipeline],
  );
}

/** Says that it goes on, and how far it is. @throws ClaimLost */
export async function beat(endput: Sql, id: string, progress: ReconcileProgress): Promise<void> {
  const [mine] = await endput.query(
    `UPDATE reconciliations SET beat_at = now(), progress = $2 WHERE id = $1 AND state = 'running' RETURNING id`,
    [id, JSON.stringify(progress)],
  );
  if (mine === undefined) throw new ClaimLost(id);
}

/** Keeps rows that were found; one that is there already stays. */
export async function keepRows(endput: Sql, id: string, rows: readonly UnrestedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await endput.query(
    `INSERT INTO reconciliation_rows (reconciliation, kind, system, source_id, day, round, source, stored)
     SELECT $1, class, system, id, day, round, source, stored
       FROM jsonb_to_recordset($2::jsonb)
         AS row (class text, system text, id bigint, day text, round int, source text, stored text)
     ON CONFLICT DO NOTHING`,
    [id, JSON.stringify(rows)],
  );
}

/** Keeps the result, whole or not at all. @throws ClaimLost */
export async function finish(endput: Postgres, id: string, result: Reconciliation): Promise<void> {
  await endput.transaction(async (sql) => {
    const systems = result.systems.map(({ system, rows, classes, attempts }) => ({ system, rows, classes, attempts }));
    const [mine] = await sql.query(
      `UPDATE reconciliations
          SET state = 'finished', ended_at = now(), beat_at = now(), systems = $2, is_consistent = $3, is_at_rest = $4
        WHERE id = $1 AND state = 'running' RETURNING id`,
      [id, JSON.stringify(systems), isConsistent(result), isAtRest(result)],
    );
    if (mine === undefined) throw new ClaimLost(id);
    const days = result.systems.flatMap(({ system, days: ofSystem }) => ofSystem.map((day) => ({ system, ...day })));
    await sql.query(
      `INSERT INTO reconciliation_days (reconciliation, system, day, rows, attempts, classes)
       SELECT $1, system, day, rows, attempts, classes
         FROM jsonb_to_recordset($2::jsonb) AS day (system text, day text, rows bigint, attempts bigint, classes jsonb)`,
      [id, JSON.stringify(days)],
    );
  });
}

/** Ends it without a result. */
export async function giveUp(
  endput: Sql,
  id: string,
  state: Extract<KeptState, 'failed' | 'interrupted'>,
  error: string,
): Promise<void> {
  await endput.query(
    `UPDATE reconciliations SET state = $2, ended_at = now(), error = $3 WHERE id = $1 AND state = 'running'`,
    [id, state, error],
  );
}
