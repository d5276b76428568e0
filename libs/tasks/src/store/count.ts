import type { Sql } from '@esteira/postgres';
import { countSlots, recurrenceOf, type Schedule } from '../domain/index.ts';
import { schedulesPage } from './schedules.ts';

/** What became of the slots of a schedule that are decided: each is a task, or is recorded as not fired. */
export interface CountedSchedule {
  readonly scheduleId: string;
  readonly name: string;
  /** As its recurrence has them. */
  readonly due: number;
  readonly fired: number;
  readonly notFired: number;
}

/** How many tasks of a door there are in a state; dead ones that somebody has discarded are `discarded`, and those on their way again `queued`. */
export interface CountedTasks {
  /** Whether a schedule made them; the others were handed in. */
  readonly scheduled: boolean;
  readonly state: string;
  readonly count: number;
}

/** Schedules that are counted at once. */
const PAGE = 1_000;
/** The most slots of a cron that are walked, of one schedule. */
const MOST_SLOTS = 1_000_000;

/**
 * Counts the slots of all schedules anew, by their recurrences, and beside them what the store says became of each. All in
 * one snapshot: run it in a transaction that repeats its reads.
 */
export async function* countSchedules(sql: Sql): AsyncGenerator<CountedSchedule> {
  let after: string | null = null;
  for (;;) {
    const page = await schedulesPage(sql, after, PAGE, { withDeleted: true });
    const rows = await sql.query<{
      schedule_id: string;
      counted_from: string | null;
      fired: string;
      not_fired: string;
    }>(
      `SELECT schedule_id, (extract(epoch FROM counted_from) * 1000)::bigint AS counted_from,
              (SELECT count(*) FROM tasks
                WHERE tasks.schedule_id = schedules.schedule_id AND slot > coalesce(counted_from, '-infinity')) AS fired,
              (SELECT coalesce(sum(slots), 0) FROM slots_not_fired AS not_fired
                WHERE not_fired.schedule_id = schedules.schedule_id
                  AND first_slot > coalesce(counted_from, '-infinity')) AS not_fired
         FROM schedules WHERE schedule_id = ANY ($1::uuid[])`,
      [page.map(({ scheduleId }) => scheduleId)],
    );
    const countedOf = new Map(rows.map((row) => [row.schedule_id, row]));
    for (const schedule of page) {
      const counted = countedOf.get(schedule.scheduleId);
      if (counted === undefined) continue;
      const { counted_from, fired, not_fired } = counted;
      const from = counted_from === null ? -Infinity : Number(counted_from);
      const { scheduleId, name } = schedule;
      yield { scheduleId, name, due: dueOf(schedule, from), fired: Number(fired), notFired: Number(not_fired) };
    }
    after = page.at(-1)?.scheduleId ?? null;
    if (after === null || page.length < PAGE) return;
  }
}

function dueOf(schedule: Schedule, from: number): number {
  if (schedule.lastSlot === null) return 0;
  return countSlots(recurrenceOf(schedule), from, schedule.lastSlot, MOST_SLOTS)?.count ?? 0;
}

/** Counts all tasks. */
export async function countTasks(sql: Sql): Promise<CountedTasks[]> {
  const rows = await sql.query<{ scheduled: boolean; state: string; count: string }>(
    `SELECT schedule_id IS NOT NULL AS scheduled,
            CASE WHEN tasks.state <> 'dead' THEN tasks.state
                 WHEN dead.state = 'discarded' THEN 'discarded'
                 WHEN dead.state = 'redriven' THEN 'queued'
                 ELSE 'dead' END AS state,
            count(*) AS count
       FROM tasks
       LEFT JOIN dead_letters AS dead ON dead.message_id = tasks.task_id AND tasks.state = 'dead'
      GROUP BY 1, 2`,
  );
  return rows.map(({ scheduled, state, count }) => ({ scheduled, state, count: Number(count) }));
}

/** Slots that came due and were recorded as not fired: too late, or while the task before had not ended. */
export async function countNotFired(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ slots: string }>('SELECT coalesce(sum(slots), 0) AS slots FROM slots_not_fired');
  return Number(row?.slots ?? 0);
}
