/** The order of day, month and year, in the words of Postgres' DateStyle. */
export const DATE_FORMATS = ['dmy', 'mdy', 'ymd'] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

/** A date at the beginning of a text: `2024-01-31`, and what follows it. */
export interface LeadingDate {
  readonly date: string;
  readonly rest: string;
}

type Fields = readonly [year: number, month: number, day: number];

const END = String.raw`(?=$|[Tt,\s])`;
const ISO = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${END}`);
const BASIC = new RegExp(String.raw`^(\d{4})(\d{2})(\d{2})${END}`);
const ORDINAL = new RegExp(String.raw`^(\d{4})-?(\d{3})${END}`);
const WEEK = new RegExp(String.raw`^(\d{4})(-?)W(\d{2})\2([1-7])${END}`);
const NUMBERS = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})${END}`);
const DAY_OF_WEEK = String.raw`(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s+)?`;
const DAY_FIRST = new RegExp(
  String.raw`^${DAY_OF_WEEK}(\d{1,2})(?:st|nd|rd|th)?[-\s]([A-Za-z]{3,9})\.?,?[-\s](\d{4}|\d{2})${END}`,
);
const MONTH_FIRST = new RegExp(
  String.raw`^${DAY_OF_WEEK}([A-Za-z]{3,9})\.?[-\s](\d{1,2})(?:st|nd|rd|th)?(?:,\s*|[-\s])(\d{4}|\d{2})${END}`,
);

/**
 * Reads the date that a text begins with: the calendar, ordinal and week dates of ISO 8601, dates with an English
 * month, and dates of numbers in the order that is said. `ambiguous` where the order is not said and must be.
 */
export function readDate(text: string, format: DateFormat | undefined): LeadingDate | 'ambiguous' | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) return leading(text, iso, [Number(iso[1]), Number(iso[3]), Number(iso[4])]);
  return readOtherIso(text) ?? readNamed(text, format) ?? readNumbers(text, format);
}

function readOtherIso(text: string): LeadingDate | undefined {
  const basic = BASIC.exec(text);
  if (basic !== null) return leading(text, basic, [Number(basic[1]), Number(basic[2]), Number(basic[3])]);
  const ordinal = ORDINAL.exec(text);
  if (ordinal !== null) return leading(text, ordinal, ofOrdinal(Number(ordinal[1]), Number(ordinal[2])));
  const week = WEEK.exec(text);
  if (week !== null) return leading(text, week, ofWeek(Number(week[1]), Number(week[3]), Number(week[4])));
  return undefined;
}

function readNamed(text: string, format: DateFormat | undefined): LeadingDate | 'ambiguous' | undefined {
  const dayFirst = DAY_FIRST.exec(text);
  const match = dayFirst ?? MONTH_FIRST.exec(text);
  if (match === null) return undefined;
  const [, first = '', second = '', year = ''] = match;
  const [name, day] = dayFirst === null ? [first, second] : [second, first];
  const month = monthOf(name);
  if (month === undefined) return undefined;
  // `24-Jan-25`: which is the year?
  if (year.length === 2 && format !== (dayFirst === null ? 'mdy' : 'dmy')) return 'ambiguous';
  return leading(text, match, [yearOf(year), month, Number(day)]);
}

function readNumbers(text: string, format: DateFormat | undefined): LeadingDate | 'ambiguous' | undefined {
  const match = NUMBERS.exec(text);
  if (match === null) return undefined;
  if (format === undefined) return 'ambiguous';
  const [, a = '', , b = '', c = ''] = match;
  if (format === 'ymd') {
    return a.length === 2 && c.length === 2 ? leading(text, match, [yearOf(a), Number(b), Number(c)]) : undefined;
  }
  const [day, month] = format === 'dmy' ? [a, b] : [b, a];
  return leading(text, match, [yearOf(c), Number(month), Number(day)]);
}

/** Two digits as Postgres and POSIX read them: 70 to 99 are of the last century. */
function yearOf(text: string): number {
  const year = Number(text);
  return text.length === 4 ? year : year + (year < 70 ? 2000 : 1900);
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

function monthOf(name: string): number | undefined {
  const month = MONTHS.findIndex((full) => full.startsWith(name.toLowerCase()));
  return month === -1 ? undefined : month + 1;
}

function leading(text: string, match: RegExpExecArray, fields: Fields | undefined): LeadingDate | undefined {
  if (fields === undefined || !isDay(fields)) return undefined;
  const [year, month, day] = fields;
  const date = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  return { date, rest: text.slice(match[0].length) };
}

function isDay([year, month, day]: Fields): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const days = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/** A day counted from the first of January. */
function ofOrdinal(year: number, day: number): Fields | undefined {
  return day < 1 || day > (isLeap(year) ? 366 : 365) ? undefined : calendar(year, 1, day);
}

/** A day of an ISO week: the first week of a year is the one with January 4th. */
function ofWeek(year: number, week: number, day: number): Fields | undefined {
  const mondayOfFirst = 4 - ((utc(year, 1, 4).getUTCDay() + 6) % 7);
  const thursday = calendar(year, 1, mondayOfFirst + (week - 1) * 7 + 3);
  return week < 1 || thursday[0] !== year ? undefined : calendar(year, 1, mondayOfFirst + (week - 1) * 7 + day - 1);
}

function calendar(year: number, month: number, day: number): Fields {
  const date = utc(year, month, day);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

/** Days alone: a `Date` has no microseconds. */
function utc(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}
