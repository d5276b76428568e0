import { Cron } from 'croner';
import { LRUCache } from 'lru-cache';
import type { Instant } from './instant.ts';

/**
 * What croner does with fixed times when clocks change (docs/schedules.md). `no-wildcard` is Vixie cron's way: a list
 * such as `0,30 2 * * *` runs once, and not twice, in an hour that the clocks repeat.
 */
const FIXED_TIME_RULE = 'no-wildcard';

/**
 * How many parsed expressions are kept. One takes 80 KB (croner keeps an array of ten thousand years) and about 40 µs
 * to make, so schedules share them by expression and zone.
 */
const KEPT = 256;

/** The slots of a cron expression in a zone, without bounds. The answers depend on the arguments alone. */
export class CronSlots {
  readonly #cron: Cron;
  /** What was answered last, which holds from `#since` until just before `#next`. */
  #since: Instant = Infinity;
  #next: Instant | null = null;

  constructor(expression: string, timezone: string) {
    this.#cron = new Cron(expression, { timezone, fixedTimeRule: FIXED_TIME_RULE });
    if (this.#cron.getOnce() !== null) throw new TypeError('a date is not a cron expression');
  }

  /** The first slot later than `after`; null when there is none. 50 to 100 µs; nothing for whom asks what was asked last. */
  next(after: Instant): Instant | null {
    if (after >= this.#since && (this.#next === null || after < this.#next)) return this.#next;
    this.#next = this.#cron.nextRun(new Date(after))?.getTime() ?? null;
    this.#since = after;
    return this.#next;
  }

  /** The last slot earlier than `before`; null when there is none. 50 to 100 µs. */
  previous(before: Instant): Instant | null {
    return this.#cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
  }
}

const parsed = new LRUCache<string, CronSlots>({ max: KEPT });

/** The slots of an expression, shared by all who ask for it in the same zone. Throws what croner says of a bad one. */
export function cronSlots(expression: string, timezone: string): CronSlots {
  const key = `${timezone}\n${expression}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const slots = new CronSlots(expression, timezone);
  parsed.set(key, slots);
  return slots;
}
