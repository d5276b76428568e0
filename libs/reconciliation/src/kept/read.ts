import { ISO_TIME, pageOf, readCursor, UUID, writeCursor, type Page } from '@esteira/pipeline';
import { isoTime, type Sql } from '@esteira/postgres';
import { withAllClasses } from '../report.ts';
import { SILENCE_S, type KeptDay, type KeptReconciliation, type KeptRow, type RowsRequest } from './kept.ts';

const COLUMNS = `id, CASE WHEN state = 'running' AND beat_at < now() - interval '${SILENCE_S} s' THEN 'interrupted' ELSE state END AS state,
  started_by AS "startedBy", is_scheduled AS "isScheduled", ${isoTime('started_at', 'startedAt')}, ${isoTime('ended_at', 'endedAt')},
  progress, is_consistent AS "isConsistent", is_at_rest AS "isAtRest", systems, error, republished::float8, republishing`;

const ID = /^-?\d{1,19}$/;
const SYSTEM = /^[^]*$/;

/** The most items of a page. */
const MOST = 1_000;

/** The kept reconciliations of a pipeline, the latest first. @throws ForeignCursor */
export async function listReconciliations(
  endput: Sql,
  pipeline: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<KeptReconciliation>> {
  const after = cursor === undefined ? [] : readCursor(cursor, [ISO_TIME, UUID]);
  const most = Math.min(Math.max(1, limit), MOST);
  const items = await endput.query<KeptReconciliation>(
    `SELECT ${COLUMNS} FROM reconciliations
      WHERE pipeline = $1 ${cursor === undefined ? '' : 'AND (started_at, id) < ($3::timestamptz, $4::uuid)'}
      ORDER BY started_at DESC, id DESC LIMIT $2`,
    [pipeline, most + 1, ...after],
  );
  return pageOf(items.map(complete), most, (last) => writeCursor([last.startedAt, last.id]));
}

/** One kept reconciliation; undefined where there is none of this id. */
export async function getReconciliation(
  endput: Sql,
  pipeline: string,
  id: string,
): Promise<KeptReconciliation | undefined> {
  if (!UUID.test(id)) return undefined;
  const [kept] = await endput.query<KeptReconciliation>(
    `SELECT ${COLUMNS} FROM reconciliations WHERE pipeline = $1 AND id = $2::uuid`,
    [pipeline, id],
  );
  return kept && complete(kept);
}

const complete = (kept: KeptReconciliation): KeptReconciliation => ({
  ...kept,
  systems: kept.systems.map((counts) => ({ ...counts, classes: withAllClasses(counts.classes) })),
});

/** Its counts by system and day, ascending. */
export async function reconciliationDays(endput: Sql, id: string): Promise<KeptDay[]> {
  const days = await endput.query<KeptDay>(
    `SELECT system, day, rows::float8, attempts::float8, classes FROM reconciliation_days
      WHERE reconciliation = $1::uuid ORDER BY system, day`,
    [id],
  );
  return days.map((day) => ({ ...day, classes: withAllClasses(day.classes) }));
}

/**
 * A page of the rows of one kind, by system and id. The primary key serves it, or `reconciliation_rows_by_day` where a
 * day is given. @throws ForeignCursor
 */
export async function reconciliationRows(endput: Sql, id: string, request: RowsRequest): Promise<Page<KeptRow>> {
  const { kind, system, day, isOpen = false, limit, cursor } = request;
  const most = Math.min(Math.max(1, limit), MOST);
  const values: unknown[] = [id, kind, most + 1];
  const next = (value: unknown) => `$${values.push(value)}`;
  const conditions = [
    ...(system === undefined ? [] : [`system = ${next(system)}`]),
    ...(day === undefined ? [] : [`day = ${next(day)}`]),
    ...(isOpen ? ['republished_at IS NULL'] : []),
  ];
  if (cursor !== undefined) {
    const [lastSystem, lastId] = readCursor(cursor, [SYSTEM, ID]);
    conditions.push(`(system, source_id) > (${next(lastSystem)}, ${next(lastId)}::bigint)`);
  }
  const items = await endput.query<KeptRow>(
    `SELECT system, source_id::text AS id, kind AS class, round, day, source, stored,
            ${isoTime('republished_at', 'republishedAt')}
       FROM reconciliation_rows
      WHERE reconciliation = $1::uuid AND kind = $2 ${conditions.map((one) => `AND ${one}`).join(' ')}
      ORDER BY system, source_id LIMIT $3`,
    values,
  );
  return pageOf(items, most, (last) => writeCursor([last.system, last.id]));
}
