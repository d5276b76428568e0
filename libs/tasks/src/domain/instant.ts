/** An instant in UTC: whole milliseconds since 1970-01-01T00:00:00Z. Slots and all that is compared with them are such. */
export type Instant = number;

/** An instant as people and programs read it: `2026-03-29T01:00:00.000Z`. */
export function isoInstant(instant: Instant): string {
  return new Date(instant).toISOString();
}
