import type { Postgres } from '@esteira/postgres';
import { isoInstant } from '@esteira/tasks/domain';
import { slotTaskId, taskMessage } from '@esteira/tasks/messages';
import { fireSlots, schedulesById, type TaskDays } from '@esteira/tasks/store';
import type { HandingOver } from './handing-over.ts';
import type { Due, Plan } from './plan.ts';

/** What firing works with. */
export interface Firing {
  readonly sql: Postgres;
  readonly plan: Plan;
  readonly days: TaskDays;
  readonly handing: HandingOver;
  readonly lane: string;
  /** Hears how late each task was fired, in milliseconds. */
  readonly observe: (latenessMs: number) => void;
}

/** The most schedules of one tick, and about the most slots: more are due in the next. */
const MOST = 2_000;
const MOST_SLOTS = 5_000;
/** While more messages than this wait for the broker, tasks stay in the store: a sweep sends them. */
const MOST_UNCONFIRMED = 20_000;

/**
 * Fires what is due: one statement for all of it. What was fired is published while the next tick goes on. What could not be
 * fired is due again; what somebody else changed or fired is read again.
 *
 * @returns how many tasks were fired
 */
export async function tick(firing: Firing, now: number): Promise<number> {
  const { sql, plan, days, handing, lane } = firing;
  const due = plan.takeDue(now, MOST, MOST_SLOTS);
  if (due.length === 0) return 0;
  const confirmed = handing.confirmed();
  try {
    await days.ensure(due.flatMap(({ slots }) => slots.fire));
    const ordered = due.map(({ slots }) => slots).sort((one, other) => (one.scheduleId < other.scheduleId ? -1 : 1));
    const { taskIds, handoverId, moved } = await fireSlots(sql, ordered, lane, confirmed);
    const stale = due.filter(({ slots }) => !moved.has(slots.scheduleId));
    for (const one of due) if (moved.has(one.slots.scheduleId)) plan.moveOn(one, one.slots.decidedUpTo);
    if (handoverId !== null && handing.unconfirmed < MOST_UNCONFIRMED)
      void handing.handOver(handoverId, messagesOf(due, taskIds, firing));
    if (stale.length > 0) await readAgain(firing, stale);
    return taskIds.size;
  } catch (error) {
    handing.keep(confirmed);
    plan.putBack(due);
    throw error;
  }
}

function messagesOf(due: readonly Due[], taskIds: ReadonlySet<string>, { lane, observe }: Firing) {
  const now = Date.now();
  return due.flatMap(({ planned: { schedule, payload }, slots: { fire, jitterMs } }) =>
    fire.flatMap((slot, index) => {
      const taskId = slotTaskId(schedule.scheduleId, slot);
      if (!taskIds.has(taskId)) return [];
      observe(Math.max(0, now - slot - (jitterMs[index] ?? 0)));
      const { scheduleId, type, timeoutMs, maxAttempts } = schedule;
      const task = { taskId, type, payload: schedule.payload, scheduleId, slot: isoInstant(slot), timeoutMs };
      return [taskMessage({ ...task, lane, maxAttempts }, payload)];
    }),
  );
}

/** Somebody changed or fired them meanwhile. */
async function readAgain({ sql, plan }: Firing, stale: readonly Due[]): Promise<void> {
  const ids = stale.map(({ slots }) => slots.scheduleId);
  const current = await schedulesById(sql, ids);
  const found = new Set(current.map(({ scheduleId }) => scheduleId));
  for (const schedule of current) plan.put(schedule);
  for (const id of ids) if (!found.has(id)) plan.remove(id);
}
