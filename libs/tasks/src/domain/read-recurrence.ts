import { parseCron } from './cron.ts';
import { everDue } from './ever-due.ts';
import type { Instant } from './instant.ts';
import { isoInstant } from './instant.ts';
import { INTERVAL_BOUNDS_SECONDS, LONGEST_CRON, recurrenceOf, type Recurrence } from './recurrence.ts';
import type { ScheduleTiming } from './schedule.ts';
import { nextSlot } from './slots.ts';

/** What a person gives for when a schedule is due; what is null or not there was not given. */
export interface GivenRecurrence {
  readonly intervalSeconds?: number | null;
  readonly cron?: string | null;
  /** UTC where it is not given. */
  readonly timezone?: string | null;
  /** Now where it is not given. */
  readonly startsAt?: Instant | null;
  readonly endsAt?: Instant | null;
}

/** Why what was given is no recurrence. Programs decide by the code. */
export type RecurrenceRefusalCode =
  | 'no-recurrence'
  | 'two-recurrences'
  | 'interval-out-of-bounds'
  | 'invalid-cron'
  | 'unknown-timezone'
  | 'timezone-without-cron'
  | 'ends-before-it-starts'
  | 'never-due';

/** A mistake in what was given. */
export interface RecurrenceRefusal {
  readonly code: RecurrenceRefusalCode;
  /** JSON pointer (RFC 6901) to the value, by its name on the wire: `/interval_seconds`; empty for the whole. */
  readonly pointer: string;
  /** For people; goes on from the name of the value: `is …`. */
  readonly detail: string;
}

/** What became of what was given. */
export type RecurrenceReading =
  | { readonly kind: 'accepted'; readonly timing: ScheduleTiming; readonly recurrence: Recurrence }
  | { readonly kind: 'refused'; readonly refusals: readonly [RecurrenceRefusal, ...RecurrenceRefusal[]] };

/**
 * Reads when a schedule is to be due, and tells every mistake at once. What would have no slot from `now` on is refused
 * too: the thirtieth of February, a year that is over, an end before the first slot.
 */
export function readRecurrence(given: GivenRecurrence, now: Instant): RecurrenceReading {
  const startsAt = given.startsAt ?? now;
  const endsAt = given.endsAt ?? null;
  const timing = readTiming(given);
  const end = endRefusal(startsAt, endsAt);
  if (timing.kind === 'refused') {
    return end === null ? timing : { kind: 'refused', refusals: [...timing.refusals, end] };
  }
  if (end !== null) return { kind: 'refused', refusals: [end] };
  const recurrence = recurrenceOf({ ...timing.timing, startsAt, endsAt });
  const idle = neverDue(recurrence, now);
  return idle === null
    ? { kind: 'accepted', timing: timing.timing, recurrence }
    : { kind: 'refused', refusals: [idle] };
}

type TimingReading = { readonly kind: 'accepted'; readonly timing: ScheduleTiming } | Refused;
type Refused = Extract<RecurrenceReading, { kind: 'refused' }>;

function readTiming({ intervalSeconds = null, cron = null, timezone = null }: GivenRecurrence): TimingReading {
  if (intervalSeconds !== null && cron !== null) {
    return refused('two-recurrences', '', 'has both interval_seconds and cron; give one of them');
  }
  if (intervalSeconds !== null) return readInterval(intervalSeconds, timezone);
  if (cron !== null) return readCron(cron, timezone ?? 'UTC');
  return refused('no-recurrence', '', 'has neither interval_seconds nor cron; give one of them');
}

function readInterval(intervalSeconds: number, timezone: string | null): TimingReading {
  const { least, most } = INTERVAL_BOUNDS_SECONDS;
  if (timezone !== null) {
    const detail = 'means nothing to an interval, which knows no clock; leave it out, or give a cron';
    return refused('timezone-without-cron', '/timezone', detail);
  }
  if (!Number.isInteger(intervalSeconds) || intervalSeconds < least || intervalSeconds > most) {
    const detail = `is ${intervalSeconds}; give whole seconds from ${least} to ${most} (366 days)`;
    return refused('interval-out-of-bounds', '/interval_seconds', detail);
  }
  return { kind: 'accepted', timing: { intervalSeconds, cron: null, timezone: null } };
}

function readCron(cron: string, timezone: string): TimingReading {
  if (!isTimezone(timezone)) {
    const detail = `is ${JSON.stringify(timezone)}, which is no IANA time zone that is known here; for example Europe/Lisbon`;
    return refused('unknown-timezone', '/timezone', detail);
  }
  if (cron.length > LONGEST_CRON) {
    return refused('invalid-cron', '/cron', `is ${cron.length} characters long; it may have ${LONGEST_CRON}`);
  }
  try {
    parseCron(cron, timezone);
    return { kind: 'accepted', timing: { intervalSeconds: null, cron, timezone } };
  } catch (error) {
    return refused('invalid-cron', '/cron', unreadable(cron, error));
  }
}

/** What croner says of an expression, without the name of its class in front. */
function unreadable(cron: string, error: unknown): string {
  const said = (error instanceof Error ? error.message : String(error)).replace(/^\w+: /, '').replace(/\.$/, '');
  return `is ${JSON.stringify(cron)}, which can't be read: ${said}. For example 30 2 * * MON-FRI: minute, hour, day of month, month, day of week`;
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function endRefusal(startsAt: Instant, endsAt: Instant | null): RecurrenceRefusal | null {
  if (endsAt === null || endsAt > startsAt) return null;
  const detail = `is ${isoInstant(endsAt)}, and the start is ${isoInstant(startsAt)}; give a later end, or none`;
  return { code: 'ends-before-it-starts', pointer: '/ends_at', detail };
}

function neverDue(recurrence: Recurrence, now: Instant): RecurrenceRefusal | null {
  if (recurrence.kind === 'cron') {
    const { expression, timezone, startsAt } = recurrence;
    const ever = everDue(expression, timezone, Math.max(startsAt, now) - 1);
    if (ever !== 'due') return { code: 'never-due', pointer: '/cron', detail: NEVER[ever] };
  }
  if (nextSlot(recurrence, now - 1) !== null) return null;
  const detail = 'is before it would be due next; give a later end, or none';
  return { code: 'never-due', pointer: '/ends_at', detail };
}

const NEVER = {
  'never-by-calendar': 'is never due in the next 50 years: no such day is to come; give another day, month or year',
  'never-by-clocks': 'is never due: whenever it would be, clocks go forward and leave that hour out; give another hour',
} as const;

function refused(code: RecurrenceRefusalCode, pointer: string, detail: string): Refused {
  return { kind: 'refused', refusals: [{ code, pointer, detail }] };
}
