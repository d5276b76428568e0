import { randomUUID } from 'node:crypto';
import { LeaseLost, postgresLease, whileHeld, type Held, type LeasedTable } from '@esteira/lease';
import { addsUp, isAllAtRest } from '@esteira/pipeline';
import type { Postgres, Sql } from '@esteira/postgres';
import { rowsReport } from '../books.ts';
import type { ReconcileProgress, UnrestedRow } from '../reconcile.ts';
import type { Reconciliation } from '../report.ts';
import { SILENCE_S, type KeptState } from './kept.ts';

/** How many reconciliations are kept; older ones are removed when one begins. */
const KEPT = 20;

/** Who starts a reconciliation, and on what condition. */
export interface ClaimOptions {
  readonly by: string;
  /** On a schedule: only if none has begun within so many milliseconds. Absent: somebody asked for it. */
  readonly unlessWithinMs?: number;
}

/** A reconciliation that this process runs, and the lease of its pipeline. */
export interface Claimed {
  readonly kind: 'claimed';
  readonly id: string;
  readonly held: Held;
}

/** Whether it was this process that got to run it. `not-due`: one has begun lately. */
export type Claim = Claimed | { readonly kind: 'already-running'; readonly id: string } | { readonly kind: 'not-due' };

/** Another process has taken the reconciliation for interrupted, and gone on. */
export class ClaimLost extends Error {
  override name = 'ClaimLost';

  constructor(id: string) {
    super(`Reconciliation ${id} is not this process's any more: it was silent for ${SILENCE_S} s. Start another.`);
  }
}

/** Of one that has just begun. */
export const NO_PROGRESS: ReconcileProgress = { phase: 'reading', system: null, rows: 0, estimate: 0 };

/** One lease a pipeline, which the reconciliation that is running holds. */
const PIPELINES: LeasedTable = { table: 'reconciliation_leases', key: 'pipeline', keyType: 'text' };
const leaseOf = (sql: Sql) => postgresLease(sql, PIPELINES);
const LEASE_MS = SILENCE_S * 1_000;

/**
 * Claims the right to reconcile a pipeline: one process at a time has it. A process that vanished loses it after
 * {@link SILENCE_S} seconds. Earlier releases take no lease: their reconciliations are known by their rows.
 */
export async function claim(endput: Postgres, pipeline: string, options: ClaimOptions): Promise<Claim> {
  const claimed = await endput.transaction(async (sql) => {
    await sql.query('INSERT INTO reconciliation_leases (pipeline) VALUES ($1) ON CONFLICT DO NOTHING', [pipeline]);
    const id = randomUUID();
    const held = await leaseOf(sql).take(pipeline, id, LEASE_MS);
    if (held === undefined) return undefined;
    if (await begin(sql, pipeline, id, options)) return { kind: 'claimed', id, held } as const;
    await leaseOf(sql).release(held);
    return undefined;
  });
  if (claimed !== undefined) {
    await removeOld(endput, pipeline);
    return claimed;
  }
  const [running] = await endput.query<{ id: string }>(
    `SELECT id FROM reconciliations WHERE pipeline = $1 AND state = 'running'`,
    [pipeline],
  );
  return running === undefined ? { kind: 'not-due' } : { kind: 'already-running', id: running.id };
}

/** False where none is due, or an earlier release runs one. */
async function begin(sql: Sql, pipeline: string, id: string, { by, unlessWithinMs }: ClaimOptions): Promise<boolean> {
  await sql.query(
    `UPDATE reconciliations SET state = 'interrupted', ended_at = beat_at
      WHERE pipeline = $1 AND state = 'running' AND beat_at < now() - $2 * interval '1 s'`,
    [pipeline, SILENCE_S],
  );
  const begun = await sql.query(
    `INSERT INTO reconciliations (id, pipeline, started_by, is_scheduled, progress)
     SELECT $5::uuid, $1, $2, $3::float8 IS NOT NULL, $4
      WHERE $3::float8 IS NULL
         OR NOT EXISTS (SELECT FROM reconciliations
                         WHERE pipeline = $1 AND started_at > now() - $3::float8 * interval '1 ms')
     ON CONFLICT (pipeline) WHERE state = 'running' DO NOTHING
     RETURNING id`,
    [pipeline, by, unlessWithinMs ?? null, JSON.stringify(NO_PROGRESS), id],
  );
  return begun.length > 0;
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

/**
 * Does what only the process may do that runs it, in one transaction: nobody takes the pipeline over before its end.
 *
 * @throws ClaimLost before anything is written
 */
export async function asClaimed<T>(
  endput: Postgres,
  { id, held }: Claimed,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  try {
    return await whileHeld(endput, PIPELINES, held, async (sql) => {
      const rows = await sql.query(`SELECT FROM reconciliations WHERE id = $1 AND state = 'running' FOR SHARE`, [id]);
      if (rows.length === 0) throw new LeaseLost(id);
      return work(sql);
    });
  } catch (error) {
    throw error instanceof LeaseLost ? new ClaimLost(id) : error;
  }
}

/** Says that it goes on, and how far it is. @throws ClaimLost */
export function beat(endput: Postgres, claimed: Claimed, progress: ReconcileProgress): Promise<void> {
  return endput.transaction(async (sql) => {
    const outcome = await leaseOf(sql).renew(claimed.held, LEASE_MS);
    const rows = await sql.query(
      `UPDATE reconciliations SET beat_at = now(), progress = $2 WHERE id = $1 AND state = 'running' RETURNING 1`,
      [claimed.id, JSON.stringify(progress)],
    );
    if (outcome === 'lost' || rows.length === 0) throw new ClaimLost(claimed.id);
  });
}

/** Keeps rows that were found; one that is there already stays. @throws ClaimLost */
export async function keepRows(endput: Postgres, claimed: Claimed, rows: readonly UnrestedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await asClaimed(endput, claimed, (sql) =>
    sql.query(
      `INSERT INTO reconciliation_rows (reconciliation, kind, system, source_id, day, round, source, stored)
       SELECT $1, class, system, id, day, round, source, stored
         FROM jsonb_to_recordset($2::jsonb)
           AS row (class text, system text, id bigint, day text, round int, source text, stored text)
       ON CONFLICT DO NOTHING`,
      [claimed.id, JSON.stringify(rows)],
    ),
  );
}

/** Keeps the result, whole or not at all. @throws ClaimLost */
export async function finish(endput: Postgres, claimed: Claimed, result: Reconciliation): Promise<void> {
  const { id, held } = claimed;
  const report = rowsReport(result.systems);
  await asClaimed(endput, claimed, async (sql) => {
    const systems = result.systems.map(({ system, rows, classes, attempts }) => ({ system, rows, classes, attempts }));
    await sql.query(
      `UPDATE reconciliations
          SET state = 'finished', ended_at = now(), beat_at = now(), systems = $2, is_consistent = $3, is_at_rest = $4
        WHERE id = $1`,
      [id, JSON.stringify(systems), addsUp(report), isAllAtRest(report)],
    );
    const days = result.systems.flatMap(({ system, days: ofSystem }) => ofSystem.map((day) => ({ system, ...day })));
    await sql.query(
      `INSERT INTO reconciliation_days (reconciliation, system, day, rows, attempts, classes)
       SELECT $1, system, day, rows, attempts, classes
         FROM jsonb_to_recordset($2::jsonb) AS day (system text, day text, rows bigint, attempts bigint, classes jsonb)`,
      [id, JSON.stringify(days)],
    );
    await leaseOf(sql).release(held);
  });
}

/** Ends it without a result. @throws ClaimLost */
export async function giveUp(
  endput: Postgres,
  claimed: Claimed,
  state: Extract<KeptState, 'failed' | 'interrupted'>,
  error: string,
): Promise<void> {
  await asClaimed(endput, claimed, async (sql) => {
    await sql.query('UPDATE reconciliations SET state = $2, ended_at = now(), error = $3 WHERE id = $1', [
      claimed.id,
      state,
      error,
    ]);
    await leaseOf(sql).release(claimed.held);
  });
}

/** Frees a pipeline, whoever holds it: what a reconciliation that is running still writes has no effect. */
export function revokeClaim(endput: Sql, pipeline: string): Promise<void> {
  return leaseOf(endput).revoke({ sql: 'pipeline = $1', values: [pipeline] });
}
