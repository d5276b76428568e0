import { refusal, type Refusal } from './refusal.ts';

/** How the prices of a file are written, beyond what is read in any file. */
export interface PriceFormat {
  /** What stands before the cents. Said, thousands may be grouped by what is then left. */
  readonly decimal?: '.' | ',';
  /** A mark before or after the number, which is no part of it: `€`, `EUR`, `$`. */
  readonly currency?: string;
}

/** A price as decimal text that fits numeric(12,2). */
export interface Amount {
  readonly price: string;
  /** Whether it is above zero. */
  readonly positive: boolean;
}

/** numeric(12,2) has ten digits before the point. */
const MAX_INTEGER_DIGITS = 10;

const PLAIN = /^([+-]?)(\d*)(?:\.(\d*))?$/;
/** Spaces of any width and apostrophes group thousands in both kinds. */
const GROUPED = {
  '.': /^([+-]?)(\d*|\d{1,3}(?:([,\s'’])\d{3})(?:\3\d{3})*|\d{1,2}(?:,\d{2})+,\d{3})(?:\.(\d*))?$/,
  ',': /^([+-]?)(\d*|\d{1,3}(?:([.\s'’])\d{3})(?:\3\d{3})*)(?:,(\d*))?$/,
} as const;

/** Reads a price. Nothing is rounded or guessed. */
export function amountOf(price: unknown, format: PriceFormat): Amount | Refusal {
  // A number of JSON has the shortest text that reads as itself: twelve digits come through unchanged.
  const text = typeof price === 'number' ? String(price) : typeof price === 'string' ? price.trim() : '';
  const [sign = '', whole = '', decimals = ''] = partsOf(text, typeof price === 'number' ? {} : format) ?? [];
  if (whole === '' && decimals === '') return refusal(`the price … is not a number${advice(text, format)}`, price);
  const integer = whole.replace(/^0+(?=\d)/, '') || '0';
  if (integer.length > MAX_INTEGER_DIGITS) {
    return refusal(`the price … has more than ${MAX_INTEGER_DIGITS} digits before the point`, price);
  }
  const cents = decimals.slice(0, 2).padEnd(2, '0');
  if (/[1-9]/.test(decimals.slice(2))) return refusal('the price … has more than two decimal places', price);
  const zero = integer === '0' && cents === '00';
  const negative = sign === '-' && !zero;
  return { price: `${negative ? '-' : ''}${integer}.${cents}`, positive: !negative && !zero };
}

/** Sign, digits before the point, and digits after it. */
function partsOf(text: string, { decimal, currency }: PriceFormat): readonly (string | undefined)[] | undefined {
  const bare = currency === undefined ? text : withoutCurrency(text, currency);
  if (decimal === undefined) return PLAIN.exec(bare)?.slice(1);
  const match = GROUPED[decimal].exec(bare);
  return match === null ? undefined : [match[1], match[2]?.replace(/\D/g, ''), match[4]];
}

function withoutCurrency(text: string, currency: string): string {
  const sign = /^[+-]?/.exec(text)?.[0] ?? '';
  const rest = text.slice(sign.length).trim();
  if (rest.startsWith(currency)) return sign + rest.slice(currency.length).trim();
  return sign + (rest.endsWith(currency) ? rest.slice(0, -currency.length).trim() : rest);
}

/** What the caller can say, where that may help. */
function advice(text: string, { decimal, currency }: PriceFormat): string {
  if (!/\d/.test(text)) return '';
  if (currency === undefined && /\p{Sc}|[A-Z]{3}/u.test(text)) return '. Name the currency, for example ?currency=EUR';
  if (decimal === undefined && /[,\s'’]|\..*\./.test(text))
    return '. Say what stands before the cents: ?decimal=, or ?decimal=.';
  return decimal === undefined ? '' : ` with "${decimal}" before the cents, and thousands in threes`;
}
