import type { Instant } from './instant.ts';
import type { Overlap } from './schedule.ts';

/**
 * What becomes of a slot that is fired. `queue`: its task goes to the lane. `wait`: its task is made, and waits until
 * the one before it has ended. `skip`: it is recorded as skipped, and has no task.
 */
export type SlotFate = 'queue' | 'wait' | 'skip';

/** What becomes of one slot. `previousOpen`: a task of an earlier slot of the schedule has not ended, or waits itself. */
export function slotFate(overlap: Overlap, previousOpen: boolean): SlotFate {
  if (!previousOpen || overlap === 'allow') return 'queue';
  return overlap;
}

/** A slot and what becomes of it. */
export interface FatedSlot {
  readonly slot: Instant;
  readonly fate: SlotFate;
}

/**
 * What becomes of slots that are fired together, oldest first. The first of them to get a task is open for those after
 * it: with `skip` it is the only one; with `wait` the others follow it one by one.
 */
export function slotFates(overlap: Overlap, slots: readonly Instant[], previousOpen: boolean): FatedSlot[] {
  return slots.map((slot, index) => ({ slot, fate: slotFate(overlap, previousOpen || index > 0) }));
}
