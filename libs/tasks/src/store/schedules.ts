import type { JsonValue } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import type { Misfire, Overlap, Schedule } from '../domain/index.ts';

/** A schedule as a person asks for it; what is left out is as the store's defaults say. */
export type NewSchedule = Omit<Schedule, 'scheduleId' | 'pausedAt' | 'version'>;

interface Row {
  schedule_id: string;
  name: string;
  type: string;
  payload: JsonValue;
  interval_seconds: number | null;
  cron: string | null;
  timezone: string | null;
  starts_at: string;
  ends_at: string | null;
  misfire: Misfire;
  overlap: Overlap;
  jitter_seconds: number;
  max_attempts: number;
  timeout_ms: number;
  paused_at: string | null;
  last_slot: string | null;
  version: number;
  is_deleted: boolean;
}

/** An instant, in milliseconds: whole ones are all that is ever written into these columns. */
const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::bigint::text AS ${column}`;

const COLUMNS = `schedule_id, name, type, payload, interval_seconds, cron, timezone, ${ms('starts_at')}, ${ms('ends_at')},
  misfire, overlap, jitter_seconds, max_attempts, timeout_ms, ${ms('paused_at')}, ${ms('last_slot')}, version,
  deleted_at IS NOT NULL AS is_deleted`;

/** Schedules, and up to which transaction all changes are in them. */
export interface ScheduleChanges {
  readonly changed: readonly Schedule[];
  /** The ids of those that were deleted. */
  readonly deleted: readonly string[];
  /** Ask for changes since this next time. */
  readonly horizon: string;
}

/** A page of all schedules, in the order of their ids. @param after the last of the page before */
export async function schedulesPage(
  sql: Sql,
  after: string | null,
  limit: number,
  { withDeleted = false } = {},
): Promise<Schedule[]> {
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM schedules
      WHERE ($3 OR deleted_at IS NULL) AND ($1::uuid IS NULL OR schedule_id > $1) ORDER BY schedule_id LIMIT $2`,
    [after, limit, withDeleted],
  );
  return rows.map(scheduleOf);
}

/** Those of these that are not deleted. */
export async function schedulesById(sql: Sql, scheduleIds: readonly string[]): Promise<Schedule[]> {
  const text = `SELECT ${COLUMNS} FROM schedules WHERE schedule_id = ANY ($1::uuid[]) AND deleted_at IS NULL`;
  return (await sql.query<Row>(text, [scheduleIds])).map(scheduleOf);
}

/** The oldest transaction that still runs: what is changed by it or later is not seen by whoever asks now. */
export async function horizonNow(sql: Sql): Promise<string> {
  const [row] = await sql.query<{ horizon: string }>('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon');
  if (row === undefined) throw new Error('The store did not say which transactions run.');
  return row.horizon;
}

/**
 * What people changed since an earlier horizon. A change that commits late is found later, never missed; what committed
 * while an older transaction ran is told twice.
 */
export async function changesSince(sql: Sql, horizon: string): Promise<ScheduleChanges> {
  // Asked first: what is not seen below is not older.
  const next = await horizonNow(sql);
  const rows = await sql.query<Row>(`SELECT ${COLUMNS} FROM schedules WHERE changed_in >= $1::xid8`, [horizon]);
  return {
    changed: rows.filter(({ is_deleted }) => !is_deleted).map(scheduleOf),
    deleted: rows.filter(({ is_deleted }) => is_deleted).map(({ schedule_id }) => schedule_id),
    horizon: next,
  };
}

/** Makes schedules, and answers them as they are stored, in the order given. */
export async function insertSchedules(sql: Sql, schedules: readonly NewSchedule[]): Promise<Schedule[]> {
  const rows = await sql.query<Row>(
    `INSERT INTO schedules (name, type, payload, interval_seconds, cron, timezone, starts_at, ends_at, misfire, overlap,
                            jitter_seconds, max_attempts, timeout_ms, last_slot, counted_from)
     SELECT name, type, coalesce(payload, 'null'), interval_seconds, cron, timezone, to_timestamp(starts_at / 1000.0),
            to_timestamp(ends_at / 1000.0), misfire, overlap, jitter_seconds, max_attempts, timeout_ms,
            to_timestamp(last_slot / 1000.0), to_timestamp(last_slot / 1000.0)
       FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (name text, type text, payload jsonb, interval_seconds int,
                 cron text, timezone text, starts_at bigint, ends_at bigint, misfire text, overlap text,
                 jitter_seconds int, max_attempts int, timeout_ms int, last_slot bigint)) WITH ORDINALITY
      ORDER BY ordinality
     RETURNING ${COLUMNS}`,
    [JSON.stringify(schedules.map(given))],
  );
  return rows.map(scheduleOf);
}

function given(schedule: NewSchedule): object {
  const { name, type, payload, intervalSeconds, cron, timezone, startsAt, endsAt } = schedule;
  const { misfire, overlap, jitterSeconds, maxAttempts, timeoutMs, lastSlot } = schedule;
  return {
    ...{ name, type, payload, interval_seconds: intervalSeconds, cron, timezone, starts_at: startsAt, ends_at: endsAt },
    ...{
      misfire,
      overlap,
      jitter_seconds: jitterSeconds,
      max_attempts: maxAttempts,
      timeout_ms: timeoutMs,
      last_slot: lastSlot,
    },
  };
}

function scheduleOf(row: Row): Schedule {
  const instant = (text: string | null) => (text === null ? null : Number(text));
  return {
    ...{ scheduleId: row.schedule_id, name: row.name, type: row.type, payload: row.payload },
    ...timingOf(row),
    ...{ startsAt: Number(row.starts_at), endsAt: instant(row.ends_at), misfire: row.misfire, overlap: row.overlap },
    ...{ jitterSeconds: row.jitter_seconds, maxAttempts: row.max_attempts, timeoutMs: row.timeout_ms },
    ...{ pausedAt: instant(row.paused_at), lastSlot: instant(row.last_slot), version: row.version },
  };
}

/** The table has exactly one of both. */
function timingOf({ interval_seconds: intervalSeconds, cron, timezone }: Row) {
  if (intervalSeconds !== null) return { intervalSeconds, cron: null, timezone: null };
  return { intervalSeconds, cron: cron ?? '', timezone: timezone ?? '' };
}
