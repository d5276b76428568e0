import { MAX_PRODUCT_BYTES, type ImportedOrder } from '@esteira/orders/source';
import type { RawOrder } from './record.ts';

/** numeric(12,2) has ten digits before the point. */
const MAX_INTEGER_DIGITS = 10;

const PRICE = /^([+-]?)(\d*)(?:\.(\d*))?$/;
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,6})?)?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?$/;

/** An order made of what a file has, or why there is none. */
export type RowResult = { readonly order: ImportedOrder } | { readonly reason: string };

/**
 * Checks one row. Nothing is rounded or guessed: money with more than two decimal places is refused. A blank product
 * or a price that is not above zero is imported as what fails its security check.
 */
export function orderOf({ product, price, createdAt }: RawOrder): RowResult {
  const badProduct = refusedProduct(product);
  if (badProduct !== undefined) return { reason: badProduct };
  const amount = amountOf(price);
  if ('reason' in amount) return amount;
  const time = timeOf(createdAt);
  if ('reason' in time) return time;
  const text = product as string;
  const securityCheck = amount.positive && text.trim() !== '';
  return { order: { product: text, price: amount.price, securityCheck, createdAt: time.createdAt } };
}

function refusedProduct(product: unknown): string | undefined {
  if (typeof product !== 'string') return `the product ${shown(product)} is not a text`;
  if (product.includes('\0')) return `the product ${shown(product)} holds a NUL character`;
  if (!product.isWellFormed()) return `the product ${shown(product)} is not well-formed Unicode`;
  // A character has three bytes at most for each of its UTF-16 units: most texts need no count.
  if (product.length * 3 > MAX_PRODUCT_BYTES && Buffer.byteLength(product) > MAX_PRODUCT_BYTES) {
    return `the product is longer than ${MAX_PRODUCT_BYTES} bytes`;
  }
  return undefined;
}

function amountOf(price: unknown): { price: string; positive: boolean } | { reason: string } {
  // A number of JSON has the shortest text that reads as itself: twelve digits come through unchanged.
  const text = typeof price === 'number' ? String(price) : typeof price === 'string' ? price.trim() : undefined;
  const [, sign = '', whole = '', decimals = ''] = (text === undefined ? null : PRICE.exec(text)) ?? [];
  if (whole === '' && decimals === '') return { reason: `the price ${shown(price)} is not a number` };
  const integer = whole.replace(/^0+(?=\d)/, '') || '0';
  if (integer.length > MAX_INTEGER_DIGITS) {
    return { reason: `the price ${shown(price)} has more than ${MAX_INTEGER_DIGITS} digits before the point` };
  }
  const cents = decimals.slice(0, 2).padEnd(2, '0');
  if (/[1-9]/.test(decimals.slice(2))) {
    return { reason: `the price ${shown(price)} has more than two decimal places` };
  }
  const zero = integer === '0' && cents === '00';
  const negative = sign === '-' && !zero;
  return { price: `${negative ? '-' : ''}${integer}.${cents}`, positive: !negative && !zero };
}

function timeOf(createdAt: unknown): { createdAt: string | null } | { reason: string } {
  if (createdAt === undefined || createdAt === null || createdAt === '') return { createdAt: null };
  const text = typeof createdAt === 'string' ? createdAt.trim() : '';
  const [, year = '', month = '', day = ''] = TIME.exec(text) ?? [];
  if (!isDay(Number(year), Number(month), Number(day))) {
    const wanted = 'an ISO 8601 date and time such as 2024-05-31T10:00:00Z';
    return { reason: `the time ${shown(createdAt)} is not ${wanted}` };
  }
  return { createdAt: text };
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] ?? 0);
}

/** A value as a reason may show it: short, and without characters that a text column can't hold. */
function shown(value: unknown): string {
  const text = value === undefined ? 'that is missing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text;
}
