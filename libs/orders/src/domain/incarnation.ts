const ISO =
  /^\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?(?:Z|([+-])(0\d|1[0-4])(?::?([0-5]\d))?)$/;
/** As Postgres writes it in JSON, in UTC. */
const CANONICAL = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?\+00:00$/;

/**
 * The incarnation of an order: the time that its row was made, as the one text that Postgres writes of it in JSON, in UTC.
 * Undefined where the text is no point in time that it takes as timestamptz: ISO 8601 with an offset, up to microseconds,
 * a day that exists, years 1..9999. Checked here, since a statement that fails over it would spoil its batch.
 *
 * 1997-01-01T02:00:00.100000+02:00 → 1997-01-01T00:00:00.1+00:00
 */
export function incarnationOf(createdAt: string): string | undefined {
  const day = dayOf(createdAt);
  if (day === undefined) return undefined;
  if (CANONICAL.test(createdAt)) return createdAt;
  const parts = ISO.exec(createdAt);
  if (parts === null) return undefined;
  const [, hours, minutes, seconds, fraction = '', sign, offsetHours, offsetMinutes] = parts;
  const offset = (sign === '-' ? -1 : 1) * minutesOf(offsetHours, offsetMinutes);
  // Minutes and above alone: what Date can't hold, the fraction, stays the text that it is.
  day.setUTCHours(0, minutesOf(hours, minutes) - offset);
  const year = day.getUTCFullYear();
  const date = [
    year > 0 ? padded(year, 4) : padded(1 - year, 4),
    padded(day.getUTCMonth() + 1),
    padded(day.getUTCDate()),
  ];
  const time = [padded(day.getUTCHours()), padded(day.getUTCMinutes()), seconds];
  const decimals = fraction.replace(/0+$/, '');
  // Postgres says so behind the time where it is before our era.
  return `${date.join('-')}T${time.join(':')}${decimals === '' ? '' : `.${decimals}`}+00:00${year > 0 ? '' : ' BC'}`;
}

const minutesOf = (hours = '0', minutes = '0') => 60 * Number(hours) + Number(minutes);
const padded = (number: number, length = 2) => String(number).padStart(length, '0');

/** The beginning, in UTC, of the day that a time begins with: `1997-01-01…`. Undefined where there is no such day. */
function dayOf(time: string): Date | undefined {
  const [year, month, day] = [Number(time.slice(0, 4)), Number(time.slice(5, 7)) - 1, Number(time.slice(8, 10))];
  const begins = new Date(0);
  begins.setUTCFullYear(year, month, day);
  return year > 0 && begins.getUTCMonth() === month && begins.getUTCDate() === day ? begins : undefined;
}
