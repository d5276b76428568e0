import { isoTime, type Postgres, type Sql } from '@esteira/postgres';
import { present } from '@esteira/pipeline';
import type { ReconciliationMemory, RowRound, SentAgain, WatchedRow } from './memory.ts';

/** Rows written by one statement. */
const ROWS_AT_ONCE = 5_000;

interface WatchRecord extends RowRound {
  readonly passes: number;
  readonly sinceMs: number;
  readonly behindTransactionId: string | null;
  readonly behindId: string | null;
}

/** The memory of a pipeline's reconciliations, in the endput; `reconciliationMigrations` made its tables. */
export function keptMemory(endput: Postgres, pipeline: string): ReconciliationMemory {
  return {
    sentAgain: () =>
      endput.query<SentAgain>(
        `SELECT system, source_id::text AS id, round, count(*)::int AS copies,
                (extract(epoch FROM max(at)) * 1000)::float8 AS "lastAt"
           FROM republished_rows WHERE pipeline = $1 AND gone_at IS NULL GROUP BY system, source_id, round`,
        [pipeline],
      ),
    watched: async () => {
      const rows = await endput.query<WatchRecord>(
        `SELECT system, source_id::text AS id, round, passes, since_ms::float8 AS "sinceMs",
                behind_transaction_id AS "behindTransactionId", behind_id AS "behindId"
           FROM watched_rows WHERE pipeline = $1`,
        [pipeline],
      );
      return rows.map(watchedRow);
    },
    remember: (watched, gone) =>
      endput.transaction(async (sql) => {
        await sql.query('DELETE FROM watched_rows WHERE pipeline = $1', [pipeline]);
        for (let from = 0; from < watched.length; from += ROWS_AT_ONCE)
          await keepWatched(sql, pipeline, watched.slice(from, from + ROWS_AT_ONCE));
        for (let from = 0; from < gone.length; from += ROWS_AT_ONCE)
          await noteGone(sql, pipeline, gone.slice(from, from + ROWS_AT_ONCE));
      }),
  };
}

function watchedRow({ passes, sinceMs, behindTransactionId, behindId, ...row }: WatchRecord): WatchedRow {
  const behind =
    behindTransactionId === null || behindId === null
      ? undefined
      : { transactionId: behindTransactionId, id: behindId };
  return { ...row, watch: { passes, since: sinceMs, ...present({ behind }) } };
}

async function keepWatched(sql: Sql, pipeline: string, rows: readonly WatchedRow[]): Promise<void> {
  const records = rows.map(({ system, id, round, watch: { passes, since, behind } }) => ({
    ...{ system, source_id: id, round, passes, since_ms: since },
    ...{ behind_transaction_id: behind?.transactionId ?? null, behind_id: behind?.id ?? null },
  }));
  await sql.query(
    `INSERT INTO watched_rows SELECT $1, row.* FROM jsonb_to_recordset($2::jsonb)
       AS row (system text, source_id bigint, round int, passes int, since_ms bigint, behind_transaction_id text, behind_id text)
     ON CONFLICT DO NOTHING`,
    [pipeline, JSON.stringify(records)],
  );
}

async function noteGone(sql: Sql, pipeline: string, rows: readonly RowRound[]): Promise<void> {
  await sql.query(
    `UPDATE republished_rows AS sent SET gone_at = now()
       FROM jsonb_to_recordset($2::jsonb) AS row (system text, id bigint, round int)
      WHERE pipeline = $1 AND gone_at IS NULL
        AND sent.system = row.system AND sent.source_id = row.id AND sent.round = row.round`,
    [pipeline, JSON.stringify(rows)],
  );
}

/** Who publishes rows again, and why. */
export interface SentBy {
  readonly by: string;
  readonly why?: string | null;
  /** The kept reconciliation that named them. */
  readonly reconciliation?: string;
}

/**
 * Writes down that the broker has confirmed copies of rows: one that nobody knows of would be counted for another row.
 * They are watched anew.
 */
export async function noteSentAgain(
  endput: Sql,
  pipeline: string,
  rows: readonly RowRound[],
  { by, why = null, reconciliation }: SentBy,
): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some = JSON.stringify(
      rows.slice(from, from + ROWS_AT_ONCE).map(({ system, id, round }) => ({ system, id, round })),
    );
    await endput.query(
      `WITH sent AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS row (system text, id bigint, round int)),
            anew AS (DELETE FROM watched_rows AS watched USING sent
                      WHERE pipeline = $1 AND watched.system = sent.system AND source_id = sent.id
                        AND watched.round = sent.round)
       INSERT INTO republished_rows (pipeline, system, source_id, round, by, why, reconciliation)
       SELECT $1, system, id, round, $3, $4, $5::uuid FROM sent`,
      [pipeline, some, by, why, reconciliation ?? null],
    );
  }
}

/** One time that a row was published again. `at` is ISO 8601. */
export interface RepublishedAt {
  readonly round: number;
  readonly at: string;
  readonly by: string;
  readonly why: string | null;
  readonly reconciliation: string | null;
}

/** When a row was published again, by whom and why; oldest first. */
export function timesSentAgain(
  endput: Sql,
  pipeline: string,
  { system, id }: Pick<RowRound, 'system' | 'id'>,
): Promise<RepublishedAt[]> {
  return endput.query<RepublishedAt>(
    `SELECT round, ${isoTime('at', 'at')}, by, why, reconciliation FROM republished_rows
      WHERE pipeline = $1 AND system = $2 AND source_id = $3::bigint ORDER BY republished_rows.at, republished_rows.id`,
    [pipeline, system, id],
  );
}
