const ISO =
  /^(\d{4}-\d{2}-\d{2})[T ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$/;

/** Orders of a batch are mostly of one day: it is looked up once. */
let lastDay = '';

/**
 * Whether a text is a point in time that Postgres takes as timestamptz: ISO 8601 with an offset, up to microseconds, a
 * day that exists, years 1..9999. Checked here, since a statement that fails over it would spoil its batch.
 */
export function isTimestamp(text: string): boolean {
  const day = ISO.exec(text)?.[1];
  if (day === undefined || (day !== lastDay && !exists(day))) return false;
  lastDay = day;
  return true;
}

function exists(day: string): boolean {
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, dayOfMonth);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth;
}
