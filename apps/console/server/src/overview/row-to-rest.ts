/** How long orders took from the row in their source to the endput. */
export interface RowToRest {
  /** Milliseconds; null where no order was stored lately. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly orders: number;
}
