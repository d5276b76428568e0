import { MAX_PRODUCT_BYTES, type ImportedOrder } from '@esteira/orders/source';
import { amountOf, type PriceFormat } from './price.ts';
import type { RawOrder } from './record.ts';
import { refusal, type Refusal } from './refusal.ts';
import { timeOf, type TimeFormat } from './time.ts';

/** How the values of a file are written, beyond what is read in any file. */
export type RowFormat = PriceFormat & TimeFormat;

/** An order made of what a file has, or why there is none. */
export type RowResult = { readonly order: ImportedOrder } | Refusal;

/**
 * Checks one row. Nothing is rounded or guessed: money with more than two decimal places is refused. A blank product
 * or a price that is not above zero is imported as what fails its security check.
 */
export function orderOf({ product, price, createdAt }: RawOrder, format: RowFormat): RowResult {
  const badProduct = refusedProduct(product);
  if (badProduct !== undefined) return badProduct;
  const amount = amountOf(price, format);
  if ('reason' in amount) return amount;
  const time = timeOf(createdAt, format);
  if ('reason' in time) return time;
  const text = product as string;
  const securityCheck = amount.positive && text.trim() !== '';
  return { order: { product: text, price: amount.price, securityCheck, createdAt: time.createdAt } };
}

function refusedProduct(product: unknown): Refusal | undefined {
  if (typeof product !== 'string') return refusal('the product … is not a text', product);
  if (product.includes('\0')) return refusal('the product … holds a NUL character', product);
  if (!product.isWellFormed()) return refusal('the product … is not well-formed Unicode', product);
  // A character has three bytes at most for each of its UTF-16 units: most texts need no count.
  if (product.length * 3 > MAX_PRODUCT_BYTES && Buffer.byteLength(product) > MAX_PRODUCT_BYTES) {
    return refusal(`the product is longer than ${MAX_PRODUCT_BYTES} bytes`);
  }
  return undefined;
}
