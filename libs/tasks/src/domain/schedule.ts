import type { JsonValue } from '@esteira/pipeline';
import type { Instant } from './instant.ts';

/** Every answer to: what becomes of slots that were due while nobody fired them? */
export const MISFIRES = ['all', 'latest', 'skip'] as const;
/**
 * `all`: each of them is fired. `latest`: the last of them is fired, the others are recorded as missed. `skip`: those
 * that are late by more than a grace are recorded as missed.
 */
export type Misfire = (typeof MISFIRES)[number];

/** Every answer to: what becomes of a slot while the task of an earlier one is not finished? */
export const OVERLAPS = ['skip', 'wait', 'allow'] as const;
/** `skip`: it is recorded as skipped. `wait`: its task waits for the earlier one's end. `allow`: both run at once. */
export type Overlap = (typeof OVERLAPS)[number];

/** When a schedule is due: exactly one of an interval and a cron expression. */
export type ScheduleTiming =
  | {
      /** Between two slots, in seconds; the first is `startsAt`. */
      readonly intervalSeconds: number;
      readonly cron: null;
      readonly timezone: null;
    }
  | {
      readonly intervalSeconds: null;
      /** Five fields (minute, hour, day of month, month, day of week); six with seconds first; seven with a year last. */
      readonly cron: string;
      /** The IANA time zone whose clocks the expression means: `Europe/Lisbon`. */
      readonly timezone: string;
    };

/** A recurring definition. Each of its due times is a slot, and each slot makes one task. */
export type Schedule = ScheduleTiming & {
  readonly scheduleId: string;
  readonly name: string;
  /** The task type, whose handler does the work. */
  readonly type: string;
  readonly payload: JsonValue;
  /** No slot is earlier; an interval counts from here. */
  readonly startsAt: Instant;
  /** No slot is at this instant, or later; null: it never ends. */
  readonly endsAt: Instant | null;
  readonly misfire: Misfire;
  readonly overlap: Overlap;
  /** How much later than its slot a task may be due, at most, in seconds. */
  readonly jitterSeconds: number;
  readonly maxAttempts: number;
  /** The longest an attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Since when nothing of it is fired; null: it is not paused. */
  readonly pausedAt: Instant | null;
  /**
   * Up to where its slots are decided, this one included: fired, missed or skipped, once and for all. Null: none is. It
   * only moves forward, and need not be a slot.
   */
  readonly lastSlot: Instant | null;
  /** Grows with each change by a person, not with `lastSlot`. */
  readonly version: number;
};
