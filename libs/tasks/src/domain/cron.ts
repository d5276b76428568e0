import { Cron, CronPattern } from 'croner';
import { LRUCache } from 'lru-cache';
import type { Instant } from './instant.ts';

/**
 * What croner does with fixed times when clocks change (docs/schedules.md). `no-wildcard` is Vixie cron's way: a list
 * such as `0,30 2 * * *` runs once, and not twice, in an hour that the clocks repeat.
 */
const FIXED_TIME_RULE = 'no-wildcard';

/** How many parsed expressions are kept: 80 KB each, since croner's have an array of ten thousand years. */
const PARSED = 256;

/** How many answers are kept, one for each expression and zone: some 300 bytes each. */
const ANSWERS = 10_000;

/** The next slot, for whoever asks from `since` on until just before it. */
interface Answer {
  readonly since: Instant;
  readonly next: Instant | null;
}

const parsed = new LRUCache<string, Cron>({ max: PARSED });
const answers = new LRUCache<string, Answer>({ max: ANSWERS });

/** Reads an expression as one of a zone, 40 µs. Throws what croner says of a bad one. */
export function parseCron(expression: string, timezone: string): Cron {
  const cron = new Cron(expression, { timezone, fixedTimeRule: FIXED_TIME_RULE });
  if (cron.getOnce() !== null) throw new TypeError('a date is no cron expression');
  return cron;
}

/** Whether an expression means fixed times, which run after a gap of the clocks, and not times that repeat. */
export function hasFixedTimes(expression: string): boolean {
  return new CronPattern(expression, 'UTC', { fixedTimeRule: FIXED_TIME_RULE }).isFixedTime;
}

/**
 * The first time of an expression in a zone that is later than `after`; null when there is none. The arguments alone
 * decide. 30 to 100 µs; 0.4 µs where the last answer for that expression and zone still holds, as it does for all the
 * schedules that have the same one.
 */
export function cronAfter(expression: string, timezone: string, after: Instant): Instant | null {
  const known = knownAfter(expression, timezone, after);
  if (known !== undefined) return known;
  const key = keyOf(expression, timezone);
  const next = sharedCron(key, expression, timezone).nextRun(new Date(after))?.getTime() ?? null;
  answers.set(key, { since: after, next });
  return next;
}

/** The same, if the last answer for the expression and zone still holds; undefined otherwise. 0.4 µs. */
export function knownAfter(expression: string, timezone: string, after: Instant): Instant | null | undefined {
  const known = answers.get(keyOf(expression, timezone));
  if (known === undefined || after < known.since) return undefined;
  return known.next === null || after < known.next ? known.next : undefined;
}

/** The last time of an expression in a zone that is earlier than `before`; null when there is none. 30 to 100 µs. */
export function cronBefore(expression: string, timezone: string, before: Instant): Instant | null {
  const cron = sharedCron(keyOf(expression, timezone), expression, timezone);
  return cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
}

function sharedCron(key: string, expression: string, timezone: string): Cron {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const cron = parseCron(expression, timezone);
  parsed.set(key, cron);
  return cron;
}

function keyOf(expression: string, timezone: string): string {
  return `${timezone}\n${expression}`;
}
