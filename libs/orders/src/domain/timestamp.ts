const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?(?:Z|[+-](\d{2})(?::?(\d{2}))?)$/;

/**
 * Whether a text is a point in time that Postgres takes as timestamptz: ISO 8601 with an offset, up to microseconds, a
 * day that exists, years 1..9999. Checked here, since a statement that fails over it would spoil its batch.
 */
export function isTimestamp(text: string): boolean {
  const match = ISO.exec(text);
  if (match === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offsetHour = 0, offsetMinute = 0] = match
    .slice(1)
    .map((part) => Number(part || '0'));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const dayExists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return dayExists && hour < 24 && minute < 60 && second < 60 && offsetHour < 15 && offsetMinute < 60;
}
