import { cronAfter, hasFixedTimes, knownAfter, parseCron } from './cron.ts';
import type { Instant } from './instant.ts';

const DAY_MS = 86_400_000;

/** Clocks change at multiples of ten minutes. */
const STEP_MS = 600_000;

/** No clocks go back by more than this: those of Antarctica/Troll do by two hours. */
const LONGEST_FOLD_MS = 3 * 3_600_000;

/** How far ahead it is looked: beyond the forty years between two leap days on the same weekday around 2100. */
const AHEAD_MS = 50 * 366 * DAY_MS;

/** Whether an expression has any time to come: `calendar`: there is no such day; `clocks`: each is in a gap of them. */
export type EverDue = 'due' | 'never-by-calendar' | 'never-by-clocks';

/**
 * Whether an expression is due in a zone in the fifty years from `after` on. croner itself would look at each second of
 * `* * 2 * 3 SUN#L` (the hour that Europe/Berlin leaves out) for a thousand years, which takes a minute. Here the times
 * that the expression means are taken from clocks that never change, and one that is not shown is left together with
 * its ten minutes: some 50 ms at most.
 */
export function everDue(expression: string, timezone: string, after: Instant): EverDue {
  // They run after a gap too, so croner finds the next one at once; and many ask for the same.
  if (hasFixedTimes(expression) || typeof knownAfter(expression, timezone, after) === 'number') {
    const next = cronAfter(expression, timezone, after);
    return next === null || next > after + AHEAD_MS ? 'never-by-calendar' : 'due';
  }
  const clocks = new Clocks(timezone);
  const meant = parseCron(expression, 'UTC');
  let never: EverDue = 'never-by-calendar';
  for (let from = clocks.localOf(after) - LONGEST_FOLD_MS; ;) {
    const time = meant.nextRun(new Date(from))?.getTime();
    if (time === undefined || time > after + AHEAD_MS) return never;
    const at = clocks.instantOf(time);
    if (at !== null && at > after) return 'due';
    if (at === null) never = 'never-by-clocks';
    const endOfStep = (Math.floor(time / STEP_MS) + 1) * STEP_MS - 1;
    from = at === null ? endOfStep : Math.min(endOfStep, time + after - at);
  }
}

/** The clocks of a zone. A local time is written as if it were UTC. */
class Clocks {
  readonly #format: Intl.DateTimeFormat;

  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  }

  /** What they show at an instant, to the second. */
  localOf(instant: Instant): number {
    const parts = this.#format.formatToParts(instant).map(({ type, value }): [string, number] => [type, Number(value)]);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = Object.fromEntries<number>(parts);
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** When they show a local time: the later instant of two; null when they leave it out. */
  instantOf(local: number): Instant | null {
    // The offset is that of the day after, or of the day before.
    const instants = [DAY_MS, -DAY_MS].map((by) => local - (this.localOf(local + by) - (local + by)));
    return instants.find((instant) => this.localOf(instant) === local) ?? null;
  }
}
