import {
  decideDue,
  DueHeap,
  jitterMs,
  latestSlot,
  nextSlot,
  recurrenceOf,
  runAtOf,
  type Instant,
  type Recurrence,
  type Schedule,
} from '@esteira/tasks/domain';
import type { DueSlots } from '@esteira/tasks/store';

/** A schedule that this scheduler owns, and the JSON text that all its tasks carry. */
export interface Planned {
  readonly schedule: Schedule;
  readonly recurrence: Recurrence;
  readonly payload: string;
}

/** What is to be fired of a schedule. */
export interface Due {
  readonly planned: Planned;
  readonly slots: DueSlots;
}

/** The schedules of a scheduler, by when each is due next. All instants are arguments. */
export class Plan {
  readonly #heap = new DueHeap();
  readonly #planned = new Map<string, Planned>();
  readonly #onUnreadable: (schedule: Schedule, error: unknown) => void;

  /** @param onUnreadable hears of a schedule that can't be fired, as one whose cron nobody can read; the others go on */
  constructor(onUnreadable: (schedule: Schedule, error: unknown) => void) {
    this.#onUnreadable = onUnreadable;
  }

  /** How many schedules it has, those included that are paused or at their end. */
  get size(): number {
    return this.#planned.size;
  }

  ids(): Iterable<string> {
    return this.#planned.keys();
  }

  /** Takes a schedule as it is now, in place of what was known of it. */
  put(schedule: Schedule): void {
    const known = this.#planned.get(schedule.scheduleId);
    const isSame = known?.schedule.version === schedule.version;
    const payload = isSame ? known.payload : JSON.stringify(schedule.payload);
    const recurrence = isSame ? known.recurrence : recurrenceOf(schedule);
    this.#planned.set(schedule.scheduleId, { schedule, recurrence, payload });
    const dueAt = this.#dueAtOf(schedule, recurrence);
    if (dueAt === null) this.#heap.delete(schedule.scheduleId);
    else this.#heap.set(schedule.scheduleId, dueAt);
  }

  #dueAtOf(schedule: Schedule, recurrence: Recurrence): Instant | null {
    if (schedule.pausedAt !== null) return null;
    try {
      const next = nextSlot(recurrence, schedule.lastSlot ?? -Infinity);
      return next === null ? null : runAtOf(schedule.scheduleId, next, schedule.jitterSeconds);
    } catch (error) {
      this.#onUnreadable(schedule, error);
      return null;
    }
  }

  remove(scheduleId: string): void {
    this.#planned.delete(scheduleId);
    this.#heap.delete(scheduleId);
  }

  /** When the next schedule is due; null when none is. */
  nextAt(): Instant | null {
    return this.#heap.nextAt();
  }

  /** Takes out what is due: it comes back with `moveOn`. @param limit the most schedules @param slots about the most slots */
  takeDue(now: Instant, limit: number, slots: number): Due[] {
    const due: Due[] = [];
    let taken = 0;
    for (const scheduleId of this.#heap.takeDue(now, limit)) {
      const planned = this.#planned.get(scheduleId);
      if (planned === undefined) continue;
      const its = taken < slots ? dueSlotsOf(planned, now) : undefined;
      if (its === undefined) {
        this.put(planned.schedule); // Beyond the limit; or the clock went back.
        continue;
      }
      taken += its.fire.length;
      due.push({ planned, slots: its });
    }
    return due;
  }

  /** What was taken out is due next after `lastSlot`; not what was read anew or removed meanwhile. */
  moveOn({ planned }: Due, lastSlot: Instant | null): void {
    if (this.#planned.get(planned.schedule.scheduleId) === planned) this.put({ ...planned.schedule, lastSlot });
  }

  /** What was taken out and could not be fired is due again. */
  putBack(due: readonly Due[]): void {
    for (const one of due) this.moveOn(one, one.planned.schedule.lastSlot);
  }
}

/** What becomes of the slots of a schedule whose task is due by `now`; undefined where none is. Pure. */
export function dueSlotsOf({ schedule, recurrence }: Planned, now: Instant): DueSlots | undefined {
  const { scheduleId, version, lastSlot, misfire, jitterSeconds } = schedule;
  const at = jitterSeconds === 0 ? now : beforeJitter(schedule, recurrence, now);
  const { fire, missed, lastSlot: decidedUpTo } = decideDue({ recurrence, misfire, lastSlot }, at);
  if (decidedUpTo === null || decidedUpTo === lastSlot) return undefined;
  const jitter = fire.map((slot) => jitterMs(scheduleId, slot, jitterSeconds));
  return { ...{ scheduleId, version, decidedBefore: lastSlot, decidedUpTo, fire, jitterMs: jitter, missed } };
}

/** The latest instant up to which every slot has waited for its jitter. A schedule's jitter is shorter than its interval. */
function beforeJitter({ scheduleId, jitterSeconds }: Schedule, recurrence: Recurrence, now: Instant): Instant {
  const latest = latestSlot(recurrence, now);
  return latest !== null && runAtOf(scheduleId, latest, jitterSeconds) > now ? latest - 1 : now;
}
