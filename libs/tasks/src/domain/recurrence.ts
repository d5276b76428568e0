import type { Instant } from './instant.ts';
import type { Schedule } from './schedule.ts';

/** The shortest and the longest interval, in seconds: a second, and 366 days. */
export const INTERVAL_BOUNDS_SECONDS = { least: 1, most: 366 * 86_400 } as const;

/** The longest cron expression, in characters. */
export const LONGEST_CRON = 255;

/** When slots are due. All of them are in [`startsAt`, `endsAt`); an `endsAt` of null is no end. */
export type Recurrence =
  | {
      readonly kind: 'interval';
      /** Whole seconds. */
      readonly everySeconds: number;
      readonly startsAt: Instant;
      readonly endsAt: Instant | null;
    }
  | {
      readonly kind: 'cron';
      readonly expression: string;
      /** An IANA time zone. */
      readonly timezone: string;
      readonly startsAt: Instant;
      readonly endsAt: Instant | null;
    };

/** What of a schedule says when it is due. */
export function recurrenceOf(
  schedule: Pick<Schedule, 'intervalSeconds' | 'cron' | 'timezone' | 'startsAt' | 'endsAt'>,
): Recurrence {
  const { intervalSeconds, cron, timezone, startsAt, endsAt } = schedule;
  if (intervalSeconds !== null) return { kind: 'interval', everySeconds: intervalSeconds, startsAt, endsAt };
  if (cron === null || timezone === null)
    throw new TypeError('A schedule has an interval, or a cron and its time zone.');
  return { kind: 'cron', expression: cron, timezone, startsAt, endsAt };
}
