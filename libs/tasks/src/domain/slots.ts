import { cronAfter, cronBefore } from './cron.ts';
import type { Instant } from './instant.ts';
import type { Recurrence } from './recurrence.ts';

type Interval = Extract<Recurrence, { kind: 'interval' }>;

/** The first slot later than `after`; null when there is none. An interval's is arithmetic, whatever the distance. */
export function nextSlot(recurrence: Recurrence, after: Instant): Instant | null {
  const { startsAt, endsAt } = recurrence;
  // The first slot may be at startsAt itself.
  const from = Math.max(after, startsAt - 1);
  const slot =
    recurrence.kind === 'interval'
      ? slotOfInterval(recurrence, slotsUpTo(recurrence, from))
      : cronAfter(recurrence.expression, recurrence.timezone, from);
  return slot === null || (endsAt !== null && slot >= endsAt) ? null : slot;
}

/** The last slot at `at` or earlier; null when there is none. */
export function latestSlot(recurrence: Recurrence, at: Instant): Instant | null {
  const { startsAt, endsAt } = recurrence;
  const upTo = endsAt === null ? at : Math.min(at, endsAt - 1);
  if (recurrence.kind === 'interval') {
    const slots = slotsUpTo(recurrence, upTo);
    return slots === 0 ? null : slotOfInterval(recurrence, slots - 1);
  }
  const slot = cronBefore(recurrence.expression, recurrence.timezone, upTo + 1);
  return slot === null || slot < startsAt ? null : slot;
}

/** The slots later than `after`, up to `until` itself, oldest first: the first `limit` of them. */
export function slotsBetween(recurrence: Recurrence, after: Instant, until: Instant, limit: number): Instant[] {
  const slots: Instant[] = [];
  for (let slot = nextSlot(recurrence, after); slot !== null && slot <= until; slot = nextSlot(recurrence, slot)) {
    if (slots.length >= limit) break;
    slots.push(slot);
  }
  return slots;
}

/** Slots in a row. */
export interface SlotSpan {
  readonly count: number;
  /** The first of them. */
  readonly from: Instant;
  /** The last of them. */
  readonly to: Instant;
}

/**
 * How many slots are later than `after`, up to `until` itself; null when none is. Those of an interval are counted by
 * arithmetic, however many they are. Those of a cron have to be walked, so the first `limit` of them are counted.
 */
export function countSlots(recurrence: Recurrence, after: Instant, until: Instant, limit: number): SlotSpan | null {
  if (recurrence.kind === 'cron') return spanOf(slotsBetween(recurrence, after, until, limit));
  const from = nextSlot(recurrence, after);
  const to = latestSlot(recurrence, until);
  if (from === null || to === null || to < from) return null;
  return { count: (to - from) / (recurrence.everySeconds * 1_000) + 1, from, to };
}

/** Slots that stand in a row, as what they span; null for none. */
export function spanOf(slots: readonly Instant[]): SlotSpan | null {
  const [from, to] = [slots[0], slots.at(-1)];
  return from === undefined || to === undefined ? null : { count: slots.length, from, to };
}

/** How many slots of an interval are at `at` or earlier, its end left aside: ⌊(at − startsAt) ÷ interval⌋ + 1, at least 0. */
function slotsUpTo({ startsAt, everySeconds }: Interval, at: Instant): number {
  return Math.max(0, Math.floor((at - startsAt) / (everySeconds * 1_000)) + 1);
}

/** The `k`-th slot of an interval, from 0 on: startsAt + k × interval. */
function slotOfInterval({ startsAt, everySeconds }: Interval, k: number): Instant {
  return startsAt + k * everySeconds * 1_000;
}
