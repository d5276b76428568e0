import type { DeadLetterFilter } from '../filter.ts';

/** Which dead letters a job is for: these, or the open ones that a filter means. */
export type Selection = { readonly messageIds: readonly string[] } | { readonly filter: DeadLetterFilter };

/** The most ids of one selection; more are meant by a filter. */
export const MOST_SELECTED = 10_000;

/**
 * A selection as it stands in `dead_letter_jobs`. Its filter calls the origin `system`, and names it always, with null
 * where none is meant. An earlier release skips names that it does not know, and would choose every open dead letter;
 * this one it knows, and Postgres refuses it, since the column has another name now: it chooses nothing.
 */
export type StoredSelection =
  | { readonly messageIds: readonly string[] }
  | { readonly filter: Omit<DeadLetterFilter, 'origin'> & { readonly system?: string | null } };

/** What is written of a selection. Pure. */
export function toStored(selection: Selection): StoredSelection {
  if (!('filter' in selection)) return selection;
  const { origin = null, ...filter } = selection.filter;
  return { filter: { ...filter, system: origin } };
}

/** A row of a job with what its selection means; those of earlier releases too. Pure. */
export function withSelection<R extends { readonly selection: StoredSelection }>(
  row: R,
): Omit<R, 'selection'> & { readonly selection: Selection } {
  const { selection } = row;
  if (!('filter' in selection)) return { ...row, selection };
  const { system, ...filter } = selection.filter;
  return { ...row, selection: { filter: typeof system === 'string' ? { ...filter, origin: system } : filter } };
}
