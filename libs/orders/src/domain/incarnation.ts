const ISO =
  /^\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?(?:Z|([+-])(0\d|1[0-4])(?::?([0-5]\d))?)$/;
/** As Postgres writes it in JSON, in UTC. */
const CANONICAL = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?\+00:00$/;
const MINUTES_OF_A_DAY = 1_440;

/** A day of the calendar that Postgres reckons with; the year 0 is 1 BC. */
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/**
 * The incarnation of an order: the time that its row was made, as the one text that Postgres writes of it in JSON, in UTC.
 * Undefined where the text is no point in time that it takes as timestamptz: ISO 8601 with an offset, up to microseconds,
 * a day that exists, years 1..9999. Checked here, since a statement that fails over it would spoil its batch.
 *
 * 1997-01-01T02:00:00.100000+02:00 → 1997-01-01T00:00:00.1+00:00
 */
export function incarnationOf(createdAt: string): string | undefined {
  const date = createdAt.slice(0, 10);
  if (CANONICAL.test(createdAt)) return exists(dayOf(date)) ? createdAt : undefined;
  const parts = ISO.exec(createdAt);
  const day = dayOf(date);
  if (parts === null || !exists(day)) return undefined;
  const [, hours, minutes, seconds, fraction = '', sign, offsetHours, offsetMinutes] = parts;
  const offset = (sign === '-' ? -1 : 1) * minutesOf(offsetHours, offsetMinutes);
  const minute = minutesOf(hours, minutes) - offset;
  const { before, after } = dateOf(dayAt(day, minute));
  const inDay = (minute + MINUTES_OF_A_DAY) % MINUTES_OF_A_DAY;
  const decimals = fraction.replace(/0+$/, '');
  const time = `${padded(Math.floor(inDay / 60), 2)}:${padded(inDay % 60, 2)}:${seconds}`;
  return `${before}T${time}${decimals === '' ? '' : `.${decimals}`}+00:00${after}`;
}

const minutesOf = (hours = '0', minutes = '0') => 60 * Number(hours) + Number(minutes);
const padded = (number: number, length: number) => String(number).padStart(length, '0');

/** How Postgres writes a day: one before our era says so behind the time. */
function dateOf({ year, month, day }: Day): { readonly before: string; readonly after: string } {
  const isBefore = year < 1;
  const named = padded(isBefore ? 1 - year : year, 4);
  return { before: `${named}-${padded(month, 2)}-${padded(day, 2)}`, after: isBefore ? ' BC' : '' };
}

/** The day on which a minute is, counted from the beginning of a day: that day, or the one before or after it. */
function dayAt({ year, month, day }: Day, minute: number): Day {
  if (minute < 0) {
    if (day > 1) return { year, month, day: day - 1 };
    return month > 1
      ? { year, month: month - 1, day: daysOf(year, month - 1) }
      : { year: year - 1, month: 12, day: 31 };
  }
  if (minute < MINUTES_OF_A_DAY) return { year, month, day };
  if (day < daysOf(year, month)) return { year, month, day: day + 1 };
  return month < 12 ? { year, month: month + 1, day: 1 } : { year: year + 1, month: 1, day: 1 };
}

/** A day that was read: `1997-01-01`. */
const dayOf = (date: string): Day => ({
  year: Number(date.slice(0, 4)),
  month: Number(date.slice(5, 7)),
  day: Number(date.slice(8)),
});

function exists({ year, month, day }: Day): boolean {
  return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}
