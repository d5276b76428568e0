/** How much of a list is newer than what is shown. */
export interface Newer {
  readonly count: number;
  /** Whether there may be more than `count`. */
  readonly isMore: boolean;
}

/**
 * What stands before the first row that is known. Pure.
 *
 * @param fresh the ids of the list's first page as it is now, the newest first
 * @param known the ids of the rows that are shown
 * @param hasMore whether the fresh page is not the last
 */
export function newerOf(fresh: readonly string[], known: readonly string[], hasMore: boolean): Newer {
  const shown = new Set(known);
  const at = fresh.findIndex((id) => shown.has(id));
  return at === -1 ? { count: fresh.length, isMore: hasMore } : { count: at, isMore: false };
}
