/** The three forms of an HTTP date (RFC 9110, 5.6.7). All are GMT, the last one without saying so. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, (\d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2}) GMT$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** How far ahead a year of two digits may be: beyond that it is one of the past. */
const YEARS_AHEAD = 50;

/**
 * `Retry-After` in milliseconds from now, however many there are: seconds of any number of digits, or an HTTP date in
 * each of its three forms; a date that has passed is 0. Undefined where it is none of them. Pure.
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  // The largest number there is stands for what is larger: nobody waits that long.
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, Number.MAX_SAFE_INTEGER);
  const at = httpDate(text, now);
  return at === undefined ? undefined : Math.max(0, at - now.getTime());
}

/** Milliseconds since 1970. */
function httpDate(text: string, now: Date): number | undefined {
  const at = Date.parse(`${fullDate(text, now) ?? 'none'} GMT`);
  return Number.isNaN(at) ? undefined : at;
}

function fullDate(text: string, now: Date): string | undefined {
  const plain = IMF_FIXDATE.exec(text)?.[1] ?? ASCTIME.exec(text)?.[1];
  if (plain !== undefined) return plain;
  const [, day, month, yearText, time] = RFC_850.exec(text) ?? [];
  if (yearText === undefined) return undefined;
  const thisYear = now.getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(yearText);
  const dated = (full: number) => `${String(day)} ${String(month)} ${full} ${String(time)}`;
  const limit = new Date(now).setUTCFullYear(thisYear + YEARS_AHEAD);
  return [year + 100, year, year - 100].map(dated).find((date) => Date.parse(`${date} GMT`) <= limit);
}
