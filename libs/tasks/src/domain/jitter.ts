import { hash } from 'node:crypto';
import type { Instant } from './instant.ts';

/**
 * How much later than its slot a task is due, in whole milliseconds: uniform in [0, `jitterSeconds`], and the same for
 * whoever asks, since it is made of the schedule and the slot: 48 bits of their SHA-256. About 1 µs; nothing without
 * jitter.
 */
export function jitterMs(scheduleId: string, slot: Instant, jitterSeconds: number): number {
  if (jitterSeconds === 0) return 0;
  const chance = hash('sha256', `${scheduleId}:${slot}`, 'buffer').readUIntBE(0, 6) / 2 ** 48;
  return Math.floor(chance * (jitterSeconds * 1_000 + 1));
}

/** When the task of a slot is due: slot + jitter. */
export function runAtOf(scheduleId: string, slot: Instant, jitterSeconds: number): Instant {
  return slot + jitterMs(scheduleId, slot, jitterSeconds);
}
