import type { Sql } from '@esteira/postgres';
import {
  placeParts,
  placeText,
  type KeptDay,
  type KeptPage,
  type KeptReconciliation,
  type KeptRow,
  type RowsRequest,
} from './kept.ts';

const time = (column: string, name: string) => `to_json(${column}) #>> '{}' AS "${name}"`;

const COLUMNS = `id, CASE WHEN state = 'running' AND beat_at < now() - interval '30 s' THEN 'interrupted' ELSE state END AS state,
  started_by AS "startedBy", is_scheduled AS "isScheduled", ${time('started_at', 'startedAt')}, ${time('ended_at', 'endedAt')},
  progress, is_consistent AS "isConsistent", is_at_rest AS "isAtRest", systems, error, republished::float8, republishing`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}:\d{2}$/;
const ID = /^-?\d{1,19}$/;
const SYSTEM = /^[^]*$/;

/** The most items of a page. */
const MOST = 1_000;

/** The kept reconciliations of a pipeline, the latest first. @throws WrongCursor */
export async function listReconciliations(
  endput: Sql,
  pipeline: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<KeptPage<KeptReconciliation>> {
  const after = cursor === undefined ? [] : placeParts(cursor, [TIME, UUID]);
  const most = Math.min(Math.max(1, limit), MOST);
  const items = await endput.query<KeptReconciliation>(
    `SELECT ${COLUMNS} FROM reconciliations
      WHERE pipeline = $1 ${cursor === undefined ? '' : 'AND (started_at, id) < ($3::timestamptz, $4::uuid)'}
      ORDER BY started_at DESC, id DESC LIMIT $2`,
    [pipeline, most + 1, ...after],
  );
  return pageOf(items, most, ({ startedAt, id }) => [startedAt, id]);
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
  return kept;
}

/** Its counts by system and day, ascending. */
export function reconciliationDays(endput: Sql, id: string): Promise<KeptDay[]> {
  return endput.query<KeptDay>(
    `SELECT system, day, rows::float8, attempts::float8, classes FROM reconciliation_days
      WHERE reconciliation = $1::uuid ORDER BY system, day`,
    [id],
  );
}

/**
 * A page of the rows of one kind, by system and id. The primary key serves it, or `reconciliation_rows_by_day` where a
 * day is given. @throws WrongCursor
 */
export async function reconciliationRows(endput: Sql, id: string, request: RowsRequest): Promise<KeptPage<KeptRow>> {
  const { kind, system, day, limit, cursor } = request;
  const most = Math.min(Math.max(1, limit), MOST);
  const values: unknown[] = [id, kind, most + 1];
  const next = (value: unknown) => `$${values.push(value)}`;
  const conditions = [
    ...(system === undefined ? [] : [`system = ${next(system)}`]),
    ...(day === undefined ? [] : [`day = ${next(day)}`]),
  ];
  if (cursor !== undefined) {
    const [lastSystem, lastId] = placeParts(cursor, [SYSTEM, ID]);
    conditions.push(`(system, source_id) > (${next(lastSystem)}, ${next(lastId)}::bigint)`);
  }
  const items = await endput.query<KeptRow>(
    `SELECT system, source_id::text AS id, kind AS class, round, day, source, stored,
            ${time('republished_at', 'republishedAt')}
       FROM reconciliation_rows
      WHERE reconciliation = $1::uuid AND kind = $2 ${conditions.map((one) => `AND ${one}`).join(' ')}
      ORDER BY system, source_id LIMIT $3`,
    values,
  );
  return pageOf(items, most, (row) => [row.system, row.id]);
}

function pageOf<T>(found: readonly T[], most: number, place: (item: T) => string[]): KeptPage<T> {
  const items = found.slice(0, most);
  const last = items.at(-1);
  return { items, nextCursor: found.length > most && last !== undefined ? placeText(place(last)) : null };
}
