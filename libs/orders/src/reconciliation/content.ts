/** The columns of an order that must arrive, as SQL expressions: text, numeric(12,2), boolean, timestamptz. */
export interface OrderColumns {
  readonly product: string;
  readonly price: string;
  readonly securityCheck: string;
  readonly createdAt: string;
}

/** Characters of a product that stand in a content. Pages of many long ones would not fit into memory. */
const LONGEST = 500;

/**
 * The content of an order as one text, equal exactly where the orders are: the same expression is rendered by the source
 * and by the endput. Of a long product the beginning and a hash stand for the whole.
 */
export function orderContent({ product, price, securityCheck, createdAt }: OrderColumns): string {
  const others = `${price}, ${securityCheck}, ${createdAt}`;
  return `(case when char_length(${product}) <= ${LONGEST} then json_build_array(${product}, ${others})
    else json_build_array(left(${product}, ${LONGEST}) || '…', ${others},
      encode(sha256(convert_to(${product}, 'UTF8')), 'hex')) end)::text`;
}

/** What a content is made of, in its order; the last only of a product that is too long to stand in it whole. */
export const CONTENT_FIELDS: readonly string[] = ['product', 'price', 'security_check', 'created_at', 'product_sha256'];

/** The calendar day of a time, UTC, as text. */
export function dayOf(time: string): string {
  return `(${time} at time zone 'UTC')::date::text`;
}
