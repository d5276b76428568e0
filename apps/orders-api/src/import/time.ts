import { readDate, type DateFormat } from './date.ts';
import { refusal, type Refusal } from './refusal.ts';

/** How the times of a file are written, beyond what is read in any file. */
export interface TimeFormat {
  /** The order of day, month and year where they are numbers, and the year does not stand first with four digits. */
  readonly dateFormat?: DateFormat;
  /** Of times without an offset, by its name in Postgres; UTC by default. */
  readonly timeZone?: string;
}

/** What may follow a date: hours, minutes, seconds, their fraction, the half of the day, UTC or an offset. */
const CLOCK =
  /^(?:[Tt]|,?\s+)(\d{1,2})(?::?([0-5]\d)(?::?([0-5]\d|60)(?:[.,](\d+))?)?)?(?:\s*([AaPp])\.?[Mm]\.?)?\s*(?:([Zz]|UTC|GMT)|([-+\u2212])(\d{2})(?::?([0-5]\d))?)?$/;
/** A zone by its letters: `PST` is two zones of the world, and `CST` five. */
const LETTERS = /\d\s*(?!UTC|GMT)[A-Z]{2,5}(?:\s.*)?$/;

const WANTED = 'an ISO 8601 date and time such as 2024-05-31T10:00:00Z';
/** Postgres takes offsets below 16 hours. */
const MAX_OFFSET_HOURS = 15;

/**
 * Reads a time into text that means the same to Postgres whatever its settings: a date, a time down to microseconds,
 * and an offset or a time zone. Null where there is none. What can be read in two ways is refused.
 */
export function timeOf(value: unknown, format: TimeFormat): { readonly createdAt: string | null } | Refusal {
  if (value === undefined || value === null || value === '') return { createdAt: null };
  const text = typeof value === 'string' ? value.trim() : '';
  const read = readDate(text, format.dateFormat);
  if (read === 'ambiguous') {
    const choice = '?date_format=dmy where the day comes first, ?date_format=mdy where the month does';
    return refusal(`the time … can be read in two ways: say ${choice}`, value);
  }
  if (read === undefined) return refusal(`the time … is not ${WANTED}${asSaid(format)}`, value);
  const clock = read.rest === '' ? '00:00:00' : clockOf(read.rest);
  if (typeof clock === 'string') return { createdAt: `${read.date} ${zoned(clock, format)}` };
  return refusal(clock === undefined ? `the time … is not ${WANTED}${advice(text)}` : clock.rule, value);
}

/** A time of day, with its offset if it has one: `10:00:00.123456+02:00`. */
function clockOf(text: string): string | { rule: string } | undefined {
  const [, hours = '', minutes = '00', seconds = '00', fraction = '', half, utc, sign, offset = '', more = '00'] =
    CLOCK.exec(text) ?? [];
  const hour = hourOf(Number(hours), half?.toLowerCase());
  if (hours === '' || hour === undefined || Number(offset) > MAX_OFFSET_HOURS) return undefined;
  if (hour === 24 && /[1-9]/.test(minutes + seconds + fraction)) return undefined;
  if (/[1-9]/.test(fraction.slice(6))) return { rule: 'the time … is finer than a microsecond' };
  const decimals = fraction === '' ? '' : `.${fraction.slice(0, 6)}`;
  const zone = utc !== undefined ? '+00:00' : sign === undefined ? '' : `${sign === '+' ? '+' : '-'}${offset}:${more}`;
  return `${String(hour).padStart(2, '0')}:${minutes}:${seconds}${decimals}${zone}`;
}

/** 24 is the end of a day. */
function hourOf(hour: number, half: string | undefined): number | undefined {
  if (half === undefined) return hour <= 24 ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (half === 'p' ? 12 : 0);
}

function zoned(clock: string, { timeZone }: TimeFormat): string {
  if (/[-+]/.test(clock)) return clock;
  return timeZone === undefined ? `${clock}+00:00` : `${clock} ${timeZone}`;
}

const asSaid = ({ dateFormat }: TimeFormat) => (dateFormat === undefined ? '' : `, nor a ?date_format=${dateFormat}`);

function advice(text: string): string {
  return LETTERS.test(text)
    ? ': letters are no offset. Leave them out, and say ?time_zone=Europe/Berlin, for example'
    : '';
}
