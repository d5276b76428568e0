/** Message ids from the first to the last of a range, both included: few others lie between them. */
export interface IdRange {
  readonly first: string;
  readonly last: string;
}

/** Ids whose last digits are no further apart than this belong to one range. */
const WIDEST_GAP = 8;
/** Of more ranges than this a range is asked for no quicker than an id. */
const MOST_RANGES = 4;
/** Ids are compared by their last 12 digits, which a number holds. */
const HEAD = 24;

/**
 * The ranges in which message ids lie, ascending; undefined where they are too scattered. Where a pipeline makes ids of
 * numbers, and sends in the order of these, a batch is mostly one range an origin: what is known of all of them is found
 * by one look at an index, not by one for each.
 */
export function idRanges(messageIds: readonly string[]): IdRange[] | undefined {
  const ranges: { first: string; last: string }[] = [];
  for (const id of messageIds.toSorted()) {
    const range = ranges.at(-1);
    if (range !== undefined && areNeighbours(range.last, id)) range.last = id;
    else if (ranges.length === MOST_RANGES) return undefined;
    else ranges.push({ first: id, last: id });
  }
  return ranges;
}

function areNeighbours(one: string, next: string): boolean {
  if (one.slice(0, HEAD) !== next.slice(0, HEAD)) return false;
  return Number.parseInt(next.slice(HEAD), 16) - Number.parseInt(one.slice(HEAD), 16) <= WIDEST_GAP;
}
