import type { Sql } from '@esteira/postgres';

/** What was decided of the slots of one schedule that are due. All instants are milliseconds since 1970. */
export interface DueSlots {
  readonly scheduleId: string;
  /** Of the schedule as it was when this was decided: where it is another now, nothing is fired. */
  readonly version: number;
  /** Up to where its slots were decided before; null where none was. */
  readonly decidedBefore: number | null;
  /** Up to where they are decided by this. */
  readonly decidedUpTo: number;
  /** Those that become tasks, in their order. */
  readonly fire: readonly number[];
  /** How much later than its slot a task runs, in milliseconds, for each of `fire`. */
  readonly jitterMs: readonly number[];
  /** Those that become none since they are too late. */
  readonly missed: { readonly count: number; readonly from: number; readonly to: number } | null;
}

/** What a tick came to. */
export interface Fired {
  /** The tasks that are to be published, by id: those that were made and don't wait for the one before them. */
  readonly taskIds: ReadonlySet<string>;
  /** To be forgotten once the broker has all of them; null where there is none. */
  readonly handoverId: string | null;
  /** The schedules whose slots were decided by this; of all others somebody decided something else meanwhile. */
  readonly moved: ReadonlySet<string>;
}

/*
 * One tick, in one statement and so in one transaction: moves each schedule on, makes a task of each slot that is fired,
 * records those that are not, notes which tasks are to be published, and forgets what was published before. A schedule
 * that somebody changed or fired meanwhile is left as it is. A slot becomes one task, whoever fires it and how often.
 *
 * While the task of an earlier slot has not ended, a slot is recorded (overlap `skip`), or its task waits behind it (`wait`).
 */
const FIRE = `
  WITH decided AS (
    SELECT *
      FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[])
             AS decided (schedule_id, version, before, up_to, missed, missed_from, missed_to)
  ), slots AS (
    SELECT schedule_id, slot, jitter_ms, slot_task_id(schedule_id, slot) AS task_id,
           row_number() OVER (PARTITION BY schedule_id ORDER BY slot) AS place
      FROM unnest($8::uuid[], $9::bigint[], $10::int[]) AS given (schedule_id, slot_ms, jitter_ms),
           to_timestamp(slot_ms / 1000.0) AS slot
  ), current AS (
    SELECT schedules.schedule_id, schedules.type, schedules.payload, schedules.max_attempts, schedules.timeout_ms,
           schedules.last_slot, schedules.last_task_id, schedules.overlap, decided.up_to
      FROM decided
      JOIN schedules ON schedules.schedule_id = decided.schedule_id AND schedules.version = decided.version
       AND schedules.last_slot IS NOT DISTINCT FROM to_timestamp(decided.before / 1000.0)
       AND schedules.paused_at IS NULL AND schedules.deleted_at IS NULL
     ORDER BY schedules.schedule_id
       FOR UPDATE OF schedules
  ), due AS (
    SELECT *, overlap <> 'skip' OR is_free AS fires, overlap = 'wait' AND NOT is_free AS waits
      FROM (SELECT current.*, slots.slot, slots.jitter_ms, slots.task_id,
                   place = 1 AND coalesce(before.state NOT IN ('waiting', 'queued', 'running'), true) AS is_free,
                   lag(slots.task_id, 1, current.last_task_id) OVER (PARTITION BY slots.schedule_id ORDER BY slots.slot) AS behind
              FROM current
              JOIN slots ON slots.schedule_id = current.schedule_id
              LEFT JOIN tasks AS before ON before.task_id = current.last_task_id AND current.overlap <> 'allow') AS all_due
  ), moved AS (
    UPDATE schedules
       SET last_slot = to_timestamp(current.up_to / 1000.0), last_task_id = coalesce(last.task_id, current.last_task_id)
      FROM current
      LEFT JOIN (SELECT DISTINCT ON (schedule_id) schedule_id, task_id FROM due WHERE fires ORDER BY schedule_id, slot DESC)
             AS last ON last.schedule_id = current.schedule_id
     WHERE schedules.schedule_id = current.schedule_id
    RETURNING schedules.schedule_id
  ), made AS (
    INSERT INTO tasks (task_id, type, payload, schedule_id, slot, lane, state, run_at, max_attempts, timeout_ms)
    SELECT task_id, type, payload, schedule_id, slot, $11, CASE WHEN waits THEN 'waiting' ELSE 'queued' END, slot + jitter_ms * interval '1 millisecond',
           max_attempts, timeout_ms
      FROM due WHERE fires
    ON CONFLICT DO NOTHING
    RETURNING task_id, state
  ), waiting AS (
    INSERT INTO waiting_tasks (task_id, behind) SELECT made.task_id, due.behind FROM made JOIN due USING (task_id) WHERE due.waits
  ), missed AS (
    INSERT INTO slots_not_fired (schedule_id, first_slot, last_slot, slots, why)
    SELECT schedule_id, to_timestamp(missed_from / 1000.0), to_timestamp(missed_to / 1000.0), missed, 'misfire'
      FROM decided JOIN moved USING (schedule_id)
     WHERE missed > 0
    ON CONFLICT (schedule_id, first_slot) DO UPDATE
      SET last_slot = greatest(slots_not_fired.last_slot, excluded.last_slot),
          slots = greatest(slots_not_fired.slots, excluded.slots)
  ), overlapping AS (
    INSERT INTO slots_not_fired (schedule_id, first_slot, last_slot, slots, why)
    SELECT schedule_id, min(slot), max(slot), count(*), 'overlap'
      FROM due WHERE NOT fires
     GROUP BY schedule_id
    ON CONFLICT (schedule_id, first_slot) DO UPDATE
      SET last_slot = greatest(slots_not_fired.last_slot, excluded.last_slot),
          slots = greatest(slots_not_fired.slots, excluded.slots)
  ), handed AS (
    INSERT INTO handovers (task_ids)
    SELECT array_agg(task_id) FROM made WHERE state = 'queued' HAVING count(*) > 0
    RETURNING handover_id
  ), published AS (
    DELETE FROM handovers WHERE handover_id = ANY ($12::bigint[])
  )
  SELECT ARRAY (SELECT schedule_id::text FROM moved) AS moved,
         ARRAY (SELECT task_id::text FROM made WHERE state = 'queued') AS queued,
         (SELECT handover_id FROM handed) AS handover_id`;

/** Fires what is due. @param published handovers that the broker has confirmed: they are forgotten */
export async function fireSlots(
  sql: Sql,
  due: readonly DueSlots[],
  lane: string,
  published: readonly string[],
): Promise<Fired> {
  const slots = due.flatMap(({ scheduleId, fire, jitterMs }) =>
    fire.map((slot, index) => ({ scheduleId, slot, jitterMs: jitterMs[index] ?? 0 })),
  );
  const [row] = await sql.query<{ moved: string[]; queued: string[]; handover_id: string | null }>(FIRE, [
    due.map(({ scheduleId }) => scheduleId),
    due.map(({ version }) => version),
    due.map(({ decidedBefore }) => decidedBefore),
    due.map(({ decidedUpTo }) => decidedUpTo),
    due.map(({ missed }) => missed?.count ?? 0),
    due.map(({ missed }) => missed?.from ?? null),
    due.map(({ missed }) => missed?.to ?? null),
    slots.map(({ scheduleId }) => scheduleId),
    slots.map(({ slot }) => slot),
    slots.map(({ jitterMs }) => jitterMs),
    lane,
    published,
  ]);
  if (row === undefined) throw new Error('The store did not say what it fired.');
  return { taskIds: new Set(row.queued), handoverId: row.handover_id, moved: new Set(row.moved) };
}
